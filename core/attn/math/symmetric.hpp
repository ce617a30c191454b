// Eigenvalues and vectors of a small symmetric matrix. Our own for the reason eigenvalues.hpp gives: a module
// of the browser that needs no more than this should not carry Eigen's SVD.
#pragma once

#include <vector>

namespace attn {

struct SymmetricEigen {
  std::vector<double> values;   // n, descending
  std::vector<double> vectors;  // row-major [n, n]; column r belongs to values[r], orthonormal
};

// a: row-major [n, n], symmetric. Cyclic Jacobi rotations (Golub & Van Loan 2013, algorithm 8.5.3).
SymmetricEigen symmetric_eigen(std::vector<double> a, int n);

}  // namespace attn
