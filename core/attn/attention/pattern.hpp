// Scores to weights: a softmax over the keys each query sees.
#pragma once

#include "attn/attention/mask.hpp"

namespace attn {

// p: [T, S], s: [T, S] (may be the same memory). Weights of unseen keys, and of keys whose score is
// -inf, are exactly 0; a row that sees nothing is all zeros, never NaN.
void masked_softmax(Matrix p, ConstMatrix s, const KeyMask& mask, Index b);

// In place: on entry ds holds dP, on return dS = P ∘ (dP - rowsum(P ∘ dP)).
void masked_softmax_backward(Matrix ds, ConstMatrix p, const KeyMask& mask, Index b);

}  // namespace attn
