// Derivatives of a metric by the activations of a run, all of them from one backward pass.
#pragma once

#include <vector>

#include "attn/analysis/activations.hpp"
#include "attn/analysis/metric.hpp"

namespace attn {

struct ActivationGradients {
  Activations values, gradients;  // at every point asked for
  Real metric = 0;
};

// Points may include `pattern`; not attn_scores, not result.
ActivationGradients activation_gradients(const Model& model, const TokenBatch& batch, const Metric& metric,
                                         const std::vector<HookPoint>& points);

// ∂m/∂P [B, H, T, S] from ∂m/∂z [B, T, H, d] and v [B, S, H_kv, d]: z = P v is linear in P.
Tensor pattern_gradient(ConstView dz, ConstView v);

}  // namespace attn
