// Two ways to be without a head: its output multiplied by zero, or its weights gone from the matrices. The
// same function; only the second is smaller and faster.
#pragma once

#include <vector>

#include "attn/analysis/interventions.hpp"

namespace attn {

// W_O^h = 0: what zero ablation does, as weights.
Model without_heads(const Model& model, const std::vector<HeadRef>& heads);

// W_O^h <- g_h W_O^h, gates: [L, H].
Model with_gates_folded(const Model& model, const Tensor& gates);

// The model of `kept[l]` heads of every layer l, in that order: columns of W_Q, W_K, W_V and rows of W_O are
// sliced out. Every layer keeps equally many (one `heads` for all layers is what a config can say), at least
// one; grouped heads and positions with a table per head (T5, ALiBi) are refused with a ShapeError.
Model sliced_heads(const Model& model, const std::vector<std::vector<int>>& kept);

}  // namespace attn
