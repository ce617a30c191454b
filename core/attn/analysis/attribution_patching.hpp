// Attribution patching: every patch of a prompt pair estimated at once from one gradient,
// m(a + Δ) ≈ m(a) + ⟨∂m/∂a, Δ⟩ (Nanda 2023; Kramár et al. 2024, "AtP*", eq. 3).
#pragma once

#include <vector>

#include "attn/analysis/gradients.hpp"
#include "attn/analysis/patching.hpp"

namespace attn {

// Estimated change of the metric on `batch` for each patch with values from `source`: two forward passes and
// one backward, whatever the number of patches.
std::vector<Real> attribution_patching(const Model& model, const TokenBatch& batch, const TokenBatch& source,
                                       const Metric& metric, const std::vector<std::vector<Slice>>& patches);

// Beside it, what the same patches do when they are really made.
struct AttributionError {
  std::vector<Real> estimate, exact;  // changes of the metric on `batch`
  Real pearson = 0, spearman = 0;
  // least squares through 0, estimate ≈ slope · exact: below 1, magnitudes are underestimated
  Real slope = 0;
  Real largest = 0;  // max |estimate - exact|
};
AttributionError attribution_error(const Model& model, const TokenBatch& batch, const TokenBatch& source,
                                   const Metric& metric, const std::vector<std::vector<Slice>>& patches);

}  // namespace attn
