// Attention without softmax as a recurrence over a matrix state S [d_v, d_k], "fast weights": one write rule
// and its special cases (Schlag, Irie & Schmidhuber 2021, eqs. 13-14 and 22-24; Yang et al. 2024, Gated
// DeltaNet, eq. 10):
//
//   S_t = α_t S_{t-1} (I - β_t k_t k_tᵀ) + β_t v_t k_tᵀ,   y_t = S_t q_t
//
//   additive    S + v kᵀ                      linear attention, identity features (Katharopoulos et al. 2020)
//   decayed     α S + v kᵀ                    RetNet (constant α), Mamba-2 (α_t of the input)
//   delta       S (I - β k kᵀ) + β v kᵀ       DeltaNet: one step of descent on ½ ‖S k - v‖²
//   gated delta                               Gated DeltaNet: both
#pragma once

#include "attn/attention/heads.hpp"
#include "attn/ops/tape.hpp"

namespace attn {

// One write; s: [d_v, d_k], k: d_k numbers, v: d_v. `erase`: whether what k recalled is taken out first.
struct WriteRule {
  Real alpha = 1, beta = 1;
  bool erase = false;
};
void write_state(Matrix s, const Real* k, const Real* v, const WriteRule& rule);
// y = S q; y: d_v numbers.
void read_state(const Real* q, ConstMatrix s, Real* y);

// The whole recurrence on the tape. q, k: [B, T, H, d_k], v: [B, T, H, d_v]; alpha, beta: [B, T, H], or
// invalid for 1 everywhere -> [B, T, H, d_v]. A read at t sees the write at t.
Var fast_weights(Tape& tape, Var q, Var k, Var v, Var alpha, Var beta, bool erase);

// φ(x) = elu(x) + 1 > 0 (Katharopoulos et al. 2020, eq. 7), any shape.
Var elu_plus_one(Tape& tape, Var x);

// x / ‖x‖ along the last axis, or zeros for a vector shorter than 1e-6: keys of the delta rule, whose erasure
// is complete only for a key of length one.
Var unit_length(Tape& tape, Var x);

// y_i / y_last along the last axis, [.., n + 1] -> [.., n]: with a last column of ones in v the state carries
// z = Σ φ(k), and this is linear attention's denominator φ(q)ᵀ z.
Var divide_by_last(Tape& tape, Var y);
// [.., n] -> [.., n + 1], the new last column ones.
Var append_one(Tape& tape, Var v);

}  // namespace attn
