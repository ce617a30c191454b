// exp and softmax over contiguous rows, vectorised on every build.
#pragma once

#include <limits>

#include "attn/base/tensor.hpp"

namespace attn {

// y_i = exp(x_i), relative error <= 2e-7 in the float build; exp(-inf) is exactly 0, exp(NaN) is NaN.
void vector_exp(const Real* x, Real* y, Index n);

// In place over x[0, n): softmax with the maximum subtracted. Entries equal to -inf become
// exactly 0 (Eigen's SSE exp does not guarantee that); a row of nothing but -inf becomes all
// zeros, as the ONNX Attention operator defines it, never NaN. A finite `null` is one more score whose
// weight nobody gets: x_i = e^{x_i} / (e^null + Σ e^{x_k}), so that a row sums to less than 1.
void softmax_row(Real* x, Index n, Real null = -std::numeric_limits<Real>::infinity());

// log Σ exp(x_i), finite for extreme inputs.
Real log_sum_exp(const Real* x, Index n);

}  // namespace attn
