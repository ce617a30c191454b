#include "attn/math/linalg.hpp"

#include <algorithm>
#include <limits>

#include "attn/math/eigen.hpp"
#include "attn/math/eigenvalues.hpp"
#include "attn/math/matmul.hpp"

namespace attn {
namespace {

// The decompositions run in double in every build: they serve analysis, are small, and the spectrum of
// a non-normal matrix is sensitive enough to show float rounding in a figure.
using Dense = Eigen::MatrixXd;

Dense to_dense(const ConstView& a, const char* what) {
  if (a.shape.rank() != 2) throw ShapeError(std::string(what) + " needs a matrix, got " + to_string(a.shape));
  Dense m(a.shape[0], a.shape[1]);
  for (Index i = 0; i < m.rows(); ++i)
    for (Index j = 0; j < m.cols(); ++j) m(i, j) = static_cast<double>(a[i * m.cols() + j]);
  return m;
}

Tensor to_tensor(const Dense& m) {
  Tensor t(Shape{m.rows(), m.cols()});
  for (Index i = 0; i < m.rows(); ++i)
    for (Index j = 0; j < m.cols(); ++j) t.view()[i * m.cols() + j] = static_cast<Real>(m(i, j));
  return t;
}

constexpr Real nan = std::numeric_limits<Real>::quiet_NaN();

}  // namespace

Svd svd(ConstView a) {
  const Dense m = to_dense(a, "svd");
  const Index r = std::min(m.rows(), m.cols());
  if (r == 0) return {Tensor(Shape{m.rows(), 0}), {}, Tensor(Shape{m.cols(), 0})};
  if (!m.allFinite()) {  // NaN in, NaN out: Eigen's iteration would not end well
    Svd s{Tensor(Shape{m.rows(), r}), std::vector<Real>(static_cast<std::size_t>(r), nan),
          Tensor(Shape{m.cols(), r})};
    std::fill(s.u.data.begin(), s.u.data.end(), nan);
    std::fill(s.v.data.begin(), s.v.data.end(), nan);
    return s;
  }
  const Eigen::JacobiSVD<Dense> result(m, Eigen::ComputeThinU | Eigen::ComputeThinV);
  Svd s{to_tensor(result.matrixU()), {}, to_tensor(result.matrixV())};
  for (Index i = 0; i < r; ++i) s.sigma.push_back(static_cast<Real>(result.singularValues()(i)));
  return s;
}

std::vector<std::complex<Real>> eigenvalues(ConstView a) {
  const Dense m = to_dense(a, "eigenvalues");
  if (m.rows() != m.cols()) throw ShapeError("eigenvalues need a square matrix, got " + to_string(a.shape));
  const auto n = static_cast<std::size_t>(m.rows());
  if (n == 0) return {};
  if (!m.allFinite()) return std::vector<std::complex<Real>>(n, {nan, nan});

  std::vector<double> entries(a.begin(), a.end());
  std::vector<std::complex<double>> values = detail::qr_eigenvalues(entries, static_cast<int>(n));
  if (values.empty()) return std::vector<std::complex<Real>>(n, {nan, nan});
  // By descending modulus; ties (conjugate pairs among them) by real, then imaginary part, so that
  // the order is the same everywhere.
  std::sort(values.begin(), values.end(), [](const std::complex<double>& x, const std::complex<double>& y) {
    if (std::norm(x) != std::norm(y)) return std::norm(x) > std::norm(y);
    if (x.real() != y.real()) return x.real() > y.real();
    return x.imag() > y.imag();
  });
  std::vector<std::complex<Real>> out;
  for (const auto& v : values) out.emplace_back(static_cast<Real>(v.real()), static_cast<Real>(v.imag()));
  return out;
}

// For A: [n, r] and B: [r, n], A·B and B·A have the same nonzero eigenvalues (if A·B x = λ x, then
// B·A (B x) = λ (B x)).
std::vector<std::complex<Real>> factored_eigenvalues(ConstView a, ConstView b) {
  if (a.shape.rank() != 2 || b.shape.rank() != 2 || a.shape[0] != b.shape[1] || a.shape[1] != b.shape[0])
    throw ShapeError("factored_eigenvalues needs [n, r] and [r, n], got " + to_string(a.shape) + " and " +
                     to_string(b.shape));
  Tensor inner(Shape{b.shape[0], a.shape[1]});  // [r, r]
  matmul(as_matrix(inner.view()), as_matrix(b), as_matrix(a));
  return eigenvalues(inner);
}

// A = U_a Σ_a V_aᵀ and B = U_b Σ_b V_bᵀ, so A Bᵀ = U_a (Σ_a V_aᵀ V_b Σ_b) U_bᵀ, and orthonormal factors
// change no singular value.
std::vector<Real> factored_singular_values(ConstView a, ConstView b) {
  if (a.shape.rank() != 2 || b.shape.rank() != 2 || a.shape[1] != b.shape[1])
    throw ShapeError("factored_singular_values needs [n, r] and [m, r], got " + to_string(a.shape) + " and " +
                     to_string(b.shape));
  const Svd left = svd(a), right = svd(b);
  const Index p = static_cast<Index>(left.sigma.size()), q = static_cast<Index>(right.sigma.size());
  Tensor inner(Shape{p, q});
  matmul(as_matrix(inner.view()), as_matrix(left.v.view()).transposed(), as_matrix(right.v.view()));
  for (Index i = 0; i < p; ++i)
    for (Index j = 0; j < q; ++j)
      inner.view()[i * q + j] *=
          left.sigma[static_cast<std::size_t>(i)] * right.sigma[static_cast<std::size_t>(j)];
  return svd(inner).sigma;
}

}  // namespace attn
