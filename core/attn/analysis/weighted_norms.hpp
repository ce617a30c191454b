// How much a head really brings from each token: the length of the weighted vector it writes, not the
// weight (Kobayashi et al. 2020, "Attention is Not Only a Weight", eq. 3 and 6).
#pragma once

#include "attn/base/tensor.hpp"

namespace attn {

// ‖P_ij · v_j W_O^h‖ for every head: [H, T, S]. pattern [B, H, T, S], v [B, S, H_kv, d], w_o [H, d, D].
Tensor weighted_norms(ConstView pattern, ConstView v, ConstView w_o, Index sequence);

// ‖Σ_h P^h_ij · v_j W_O^h‖, the layer as a whole: [T, S].
Tensor summed_weighted_norms(ConstView pattern, ConstView v, ConstView w_o, Index sequence);

}  // namespace attn
