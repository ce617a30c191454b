// Eigenvalues of a small real matrix without vectors: all that the copying score asks for. Our own,
// because Eigen's solver alone is a tenth of the module that a reader downloads.
#pragma once

#include <complex>
#include <vector>

namespace attn::detail {

// Row-major a [n, n] is used up. Empty when the QR iteration does not converge.
std::vector<std::complex<double>> qr_eigenvalues(std::vector<double>& a, int n);

}  // namespace attn::detail
