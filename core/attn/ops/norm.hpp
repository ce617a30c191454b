// Normalisation of the last axis: LayerNorm (Ba et al. 2016, eq. 4) and RMSNorm (Zhang & Sennrich 2019, eq.
// 4).
#pragma once

#include "attn/ops/tape.hpp"

namespace attn {

// One row of n numbers: y = (x - μ) / √(σ² + ε) ∘ g + b with σ² = mean (x - μ)². gain, bias: [n] or null.
// statistics: μ and 1 / √(σ² + ε), kept for the backward pass.
void layer_norm_row(Real* y, Real* statistics, const Real* x, const Real* gain, const Real* bias, Index n,
                    Real epsilon);
// Adds to dgain and dbias (which may be null), and to dx or overwrites it.
void layer_norm_row_backward(Real* dx, Store dx_store, Real* dgain, Real* dbias, const Real* dy,
                             const Real* x, const Real* statistics, const Real* gain, Index n);

// 1 / √(mean x² + ε) of one row.
Real rms_row_factor(const Real* x, Index n, Real epsilon);
// One row: y = x r ∘ g with r = rms_row_factor, which statistics keeps.
void rms_norm_row(Real* y, Real* statistics, const Real* x, const Real* gain, Index n, Real epsilon);
void rms_norm_row_backward(Real* dx, Store dx_store, Real* dgain, const Real* dy, const Real* x,
                           const Real* statistics, const Real* gain, Index n);

// x: [.., n]; gain and bias: [n], or invalid Vars for none. Throws ShapeError for any other.
Var layer_norm(Tape& tape, Var x, Var gain, Var bias, Real epsilon);
Var rms_norm(Tape& tape, Var x, Var gain, Real epsilon);

}  // namespace attn
