// Activation patching: run on one prompt with some activations taken from another, and see how much of
// the answer moves with them (Vig et al. 2020; Heimersheim & Nanda 2024).
#pragma once

#include <vector>

#include "attn/analysis/activations.hpp"
#include "attn/analysis/metric.hpp"

namespace attn {

enum class Direction {
  denoise,  // the corrupted run with clean pieces: is the piece sufficient?
  noise,    // the clean run with corrupted pieces: is the piece necessary?
};

struct PatchingResult {
  Real clean = 0, corrupted = 0;  // the metric of the two unpatched runs
  std::vector<Real> metric;       // of each patch
  // Zhang & Nanda 2023, section 2.1. Denoise: (m - m_corrupted) / (m_clean - m_corrupted), the share
  // restored; noise: (m_clean - m) / (m_clean - m_corrupted), the share destroyed. NaN if the prompts do
  // not differ.
  std::vector<Real> effect;
};

// One run per patch; a patch is a set of slices that are replaced together. The two batches have the same
// shape, position by position.
PatchingResult activation_patching(const Model& model, const TokenBatch& clean, const TokenBatch& corrupted,
                                   const Metric& metric, const std::vector<std::vector<Slice>>& patches,
                                   Direction direction);

// The metric of a run on `batch` with the slices taken from `source`.
Real patched_metric(const Model& model, const TokenBatch& batch, const Metric& metric,
                    const Activations& source, const std::vector<Slice>& slices);

// Every slice of a site, one patch each: layers × heads × positions (head, position outermost to
// innermost). An axis that is not asked for is taken whole.
struct SliceGrid {
  bool heads = false, positions = false;
};
std::vector<std::vector<Slice>> every_slice(const Model& model, Site site, Index length, SliceGrid grid);

}  // namespace attn
