// Attention as gain before pooling: a softmax, a softmax with a sink, and the normalisation model of
// attention (Reynolds & Heeger 2009, Neuron 61: 168-185, eq. 1: R = A E / (S * (A E) + σ)) are one
// expression. A drive E is e^z, a gain A is log A added to the scores, σ is e to the score of a sink.
#pragma once

#include "attn/base/tensor.hpp"

namespace attn {

// drive: [M, N], at least 0, one row per stimulus; gain: [N]; sigma >= 0. Places stand on a ring. Four
// responses, [4, M, N].
//
// 0: softmax of log E + log A, which is σ = 0 and everyone in the pool; a row of zeros if all E are 0.
//
// 1: the same with a sink of score log σ.
//
// 2: A E / (σ + Σ A E), which 1 must equal.
//
// 3: A E / (σ + Σ_l S_jl A_l E_l), S = e^{-d² / 2 pool²} with d around the ring: a pool of neighbours.
Tensor gain_field(ConstView drive, ConstView gain, Real sigma, Real pool);

}  // namespace attn
