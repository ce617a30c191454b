// What the model would answer if it stopped here: the final norm and the unembedding applied to the stream
// between layers (nostalgebraist 2020, "interpreting GPT: the logit lens").
#pragma once

#include <vector>

#include "attn/model/transformer.hpp"

namespace attn {

// LN_f(x) W_U (+ b_U) for a stream x [.., D]: [.., V].
Tensor read_out(const Model& model, ConstView stream);

// The lens after the embeddings and after every layer: L + 1 of [B, T, V]; the last are the logits.
std::vector<Tensor> logit_lens(const Model& model, const TokenBatch& batch);

// One position seen through the lens at every depth.
struct LensState {
  TokenId top = 0;       // the most probable token there
  Real probability = 0;  // of the target
  Index rank = 0;        // of the target among the logits, 0 = first
  Real divergence = 0;   // KL(final ‖ lens), nats: 0 at the last depth
};
std::vector<LensState> lens_states(const std::vector<Tensor>& lens, Index sequence, Index position,
                                   TokenId target);

}  // namespace attn
