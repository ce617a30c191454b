// What a head carries: Z = P V, each query's weighted mean of the values (Vaswani et al. 2017, eq. 1).
#pragma once

#include "attn/attention/mask.hpp"

namespace attn {

// z: [T, d_v], p: [T, S], v: [S, d_v]: one head of one sequence.
void mix(Matrix z, ConstMatrix p, ConstMatrix v, Causal causal = {});

// dp: [T, S] is overwritten; dv: [S, d_v]; a null data pointer skips that one. Where causality is
// known, dP of the future is left undefined: masked_softmax_backward does not look at it.
void mix_backward(Matrix dp, Matrix dv, Store dv_store, ConstMatrix dz, ConstMatrix p, ConstMatrix v,
                  Causal causal = {});

}  // namespace attn
