// Scores to weights: a softmax over the keys each query sees.
#pragma once

#include <limits>

#include "attn/attention/mask.hpp"

namespace attn {

// p: [T, S], s: [T, S] (may be the same memory). Weights of unseen keys, and of keys whose score is
// -inf, are exactly 0; a row that sees nothing is all zeros, never NaN. `null`: math/softmax.hpp.
void masked_softmax(Matrix p, ConstMatrix s, const KeyMask& mask, Index b,
                    Real null = -std::numeric_limits<Real>::infinity());

// In place: on entry ds holds dP, on return dS = P ∘ (dP - rowsum(P ∘ dP)), with a null score or without.
void masked_softmax_backward(Matrix ds, ConstMatrix p, const KeyMask& mask, Index b);

// d(loss)/d(null score) of one head from its dP and P: -Σ_i (1 - Σ_j P_ij) Σ_k P_ik dP_ik.
Real null_score_backward(ConstMatrix dp, ConstMatrix p);

}  // namespace attn
