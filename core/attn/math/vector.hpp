// Loops over contiguous arrays that the operations share. Arguments: inputs first, output last;
// an output may be the same array as an input, but not a shifted part of it.
#pragma once

#include "attn/base/real.hpp"

namespace attn::vec {

void fill(Real value, Real* y, Index n);                            // y = value
void copy(const Real* x, Real* y, Index n);                         // y = x
void add(const Real* a, const Real* b, Real* y, Index n);           // y = a + b
void accumulate(const Real* x, Real* y, Index n);                   // y += x
void scale(Real alpha, const Real* x, Real* y, Index n);            // y = alpha x
void axpy(Real alpha, const Real* x, Real* y, Index n);             // y += alpha x
void multiply(const Real* a, const Real* b, Real* y, Index n);      // y = a * b
void multiply_add(const Real* a, const Real* b, Real* y, Index n);  // y += a * b

Real sum(const Real* x, Index n);                 // 0 when n = 0
Real dot(const Real* a, const Real* b, Index n);  // Σ a_i b_i
Real sum_squares(const Real* x, Index n);
Real max(const Real* x, Index n);  // -inf when n = 0; NaN when any x_i is NaN

// Elementary functions, element by element; NaN gives NaN. Relative error in the float build <= 4e-7; for
// normal_cdf and normal_pdf that holds from -2 up and within ±2, and grows to 1e-5 at ±12, since the
// rounding of x² is multiplied by x²/2.
void tanh(const Real* x, Real* y, Index n);
void sigmoid(const Real* x, Real* y, Index n);     // 1 / (1 + e^-x)
void normal_cdf(const Real* x, Real* y, Index n);  // Φ(x) = (1 + erf(x/√2)) / 2, the exact GELU's gate
void normal_pdf(const Real* x, Real* y, Index n);  // φ(x) = e^(-x²/2) / √(2π)

}  // namespace attn::vec
