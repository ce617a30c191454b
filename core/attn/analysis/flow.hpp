// Attention traced through the layers by its weights alone: rollout and flow (Abnar & Zuidema 2020,
// "Quantifying Attention Flow in Transformers", sections 3 and 4).
#pragma once

#include <vector>

#include "attn/base/tensor.hpp"

namespace attn {

// A = ½ mean_h P + ½ I of one sequence, [T, T]: what the skip connection leaves of the token itself, under
// the assumption that both branches weigh the same. pattern: [B, H, T, T].
Tensor residual_attention(ConstView pattern, Index sequence);
// The same from the mean map [T, T]: (W + I) with its rows divided by their sums.
Tensor residual_attention(ConstView mean_map);

// Ã⁽ˡ⁾ = A⁽ˡ⁾ Ã⁽ˡ⁻¹⁾ for every l: row i of the last says how much of each input is in position i.
std::vector<Tensor> rollout(const std::vector<Tensor>& layers);

// Maximum flow from (layer L, position i) to each input, capacities A⁽ˡ⁾_ij between (l, i) and (l - 1, j): T
// numbers as the algorithm gives them (the authors divide by their sum).
std::vector<Real> attention_flow(const std::vector<Tensor>& layers, Index position);

}  // namespace attn
