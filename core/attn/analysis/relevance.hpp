// Attention weighted by what the answer would feel of it: gradient × attention, and its propagation through
// the layers (Chefer et al. 2021, "Generic Attention-model Explainability", eq. 5 and 6).
#pragma once

#include <vector>

#include "attn/analysis/gradients.hpp"

namespace attn {

// ∂m/∂P ∘ P of every layer, summed over nothing: [B, H, T, S] each. Signed: negative weights speak against m.
std::vector<Tensor> gradient_times_attention(const Model& model, const TokenBatch& batch,
                                             const Metric& metric);

// R ← R + Ā R from R = I, Ā = mean_h (∂m/∂P ∘ P)⁺ of one sequence: [T, T].
Tensor relevance(const std::vector<Tensor>& gradient_times_attention, Index sequence);

// ⟨e_t, ∂m/∂e_t⟩ of every token's embedding: [B, T], signed.
Tensor gradient_times_input(const Model& model, const TokenBatch& batch, const Metric& metric);

}  // namespace attn
