// How much each query asks for each key: S = scale · Q Kᵀ (Vaswani et al. 2017, eq. 1, before softmax).
#pragma once

#include "attn/attention/mask.hpp"

namespace attn {

// s: [T, S], q: [T, d], k: [S, d]: one head of one sequence. Where causality is known, scores of the future
// are left undefined: masked_softmax does not look at them.
void qk_scores(Matrix s, ConstMatrix q, ConstMatrix k, Real scale, Causal causal = {});

// ds: [T, S]. Gradients into dq: [T, d] and dk: [S, d]; a null data pointer skips that one.
void qk_scores_backward(Matrix dq, Store dq_store, Matrix dk, Store dk_store, ConstMatrix ds, ConstMatrix q,
                        ConstMatrix k, Real scale, Causal causal = {});

}  // namespace attn
