// What each head writes: result_h = z_h W_O^h, and their sum (Elhage et al. 2021, "heads are independent
// and additive"): concatenation followed by W_O is the same sum.
#pragma once

#include "attn/attention/heads.hpp"
#include "attn/ops/tape.hpp"

namespace attn {

// result: [B, T, H, D], z: [B, T, H, d], w_o: [H, d, D].
void head_results_forward(View result, ConstView z, ConstView w_o);
// dz and dw_o are added to; empty skips one.
void head_results_backward(View dz, View dw_o, ConstView dresult, ConstView z, ConstView w_o);
Var head_results(Tape& tape, Var z, Var w_o);

// out: [B, T, D] = Σ_h result_h + b; b: [D] or an invalid Var.
Var sum_heads(Tape& tape, Var result, Var b);

}  // namespace attn
