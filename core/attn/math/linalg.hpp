// Dense decompositions for analysis (Eigen behind the seam). Not used by training.
#pragma once

#include <complex>
#include <vector>

#include "attn/base/tensor.hpp"

namespace attn {

struct Svd {
  Tensor u;                 // [m, r]
  std::vector<Real> sigma;  // r, descending
  Tensor v;                 // [n, r];  A = U diag(σ) Vᵀ
};
Svd svd(ConstView a);                                      // a: [m, n]
std::vector<std::complex<Real>> eigenvalues(ConstView a);  // a: [n, n]; by descending modulus

// Nonzero eigenvalues of A·B (A: [n, r], B: [r, n]) from the r×r matrix B·A: the product of a
// head's low-rank factors never has to be formed at full width.
std::vector<std::complex<Real>> factored_eigenvalues(ConstView a, ConstView b);

// Singular values of A·Bᵀ (A: [n, r], B: [m, r]), r of them, descending, from an r×r matrix in the middle.
std::vector<Real> factored_singular_values(ConstView a, ConstView b);

}  // namespace attn
