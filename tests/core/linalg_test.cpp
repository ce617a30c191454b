#include "attn/math/linalg.hpp"

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "attn/math/matmul.hpp"
#include "attn/math/random.hpp"

using namespace attn;

namespace {
Tensor random_tensor(Index m, Index n, std::uint64_t seed) {
  Rng rng(seed);
  Tensor t(Shape{m, n});
  fill_normal(t, rng, 1);
  return t;
}
constexpr double eps = static_cast<double>(std::numeric_limits<Real>::epsilon());
}  // namespace

TEST_CASE("svd: U diag(σ) Vᵀ restores the matrix; U and V have orthonormal columns; σ descends") {
  const Index shapes[][2] = {{5, 5}, {9, 4}, {4, 9}, {1, 6}, {6, 1}, {32, 32}};
  for (const auto& shape : shapes) {
    const Index m = shape[0], n = shape[1];
    const Tensor a = random_tensor(m, n, static_cast<std::uint64_t>(m * 100 + n));
    const Svd s = svd(a);
    const Index r = std::min(m, n);
    REQUIRE(s.u.shape == Shape{m, r});
    REQUIRE(s.v.shape == Shape{n, r});
    REQUIRE(static_cast<Index>(s.sigma.size()) == r);
    for (std::size_t i = 1; i < s.sigma.size(); ++i) CHECK(s.sigma[i - 1] >= s.sigma[i]);
    const auto u = [&](Index i, Index k) { return static_cast<double>(s.u.view()[i * r + k]); };
    const auto v = [&](Index j, Index k) { return static_cast<double>(s.v.view()[j * r + k]); };
    double worst = 0, skew = 0;
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j < n; ++j) {
        double x = 0;
        for (Index k = 0; k < r; ++k)
          x += u(i, k) * static_cast<double>(s.sigma[static_cast<std::size_t>(k)]) * v(j, k);
        worst = std::fmax(worst, std::fabs(x - static_cast<double>(a.view()[i * n + j])));
      }
    for (Index k = 0; k < r; ++k)
      for (Index l = 0; l < r; ++l) {
        double uu = 0, vv = 0;
        for (Index i = 0; i < m; ++i) uu += u(i, k) * u(i, l);
        for (Index j = 0; j < n; ++j) vv += v(j, k) * v(j, l);
        skew = std::fmax(skew, std::fmax(std::fabs(uu - (k == l)), std::fabs(vv - (k == l))));
      }
    CHECK(worst < 20 * eps * static_cast<double>(s.sigma[0]) + 1e-14);
    // The decomposition itself runs in double: every column passes through some sweeps of n rotations.
    const double rotations = 4.0 * static_cast<double>(std::max(m, n));
    CHECK(skew < 20 * eps + rotations * std::numeric_limits<double>::epsilon());
  }
}

TEST_CASE("eigenvalues: known spectra, in the promised order") {
  const Tensor rotation(Shape{2, 2}, {0, -1, 1, 0});
  const auto r = eigenvalues(rotation);  // ±i, the positive imaginary part first
  CHECK(std::abs(r[0] - std::complex<Real>(0, 1)) < 10 * eps);
  CHECK(std::abs(r[1] - std::complex<Real>(0, -1)) < 10 * eps);

  const Tensor triangular(Shape{3, 3}, {2, 5, -1, 0, -3, 4, 0, 0, 1});
  const auto t = eigenvalues(triangular);
  CHECK(std::abs(t[0] - std::complex<Real>(-3, 0)) < 20 * eps);
  CHECK(std::abs(t[1] - std::complex<Real>(2, 0)) < 20 * eps);
  CHECK(std::abs(t[2] - std::complex<Real>(1, 0)) < 20 * eps);
}

TEST_CASE("eigenvalues: their sum is the trace") {
  const Tensor a = random_tensor(20, 20, 1);
  double trace = 0, sum = 0, imaginary = 0;
  for (Index i = 0; i < 20; ++i) trace += static_cast<double>(a.view()[i * 21]);
  for (const auto& z : eigenvalues(a)) {
    sum += static_cast<double>(z.real());
    imaginary += static_cast<double>(z.imag());
  }
  CHECK(std::fabs(sum - trace) < 200 * eps);
  CHECK(std::fabs(imaginary) < 200 * eps);
}

TEST_CASE("eigenvalues: power sums are traces of powers, at every size") {
  for (Index n = 1; n <= 40; ++n) {
    const Tensor a = random_tensor(n, n, 100 + static_cast<std::uint64_t>(n));
    double trace1 = 0, trace2 = 0, norm = 0;
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < n; ++j) {
        const double x = static_cast<double>(a.view()[i * n + j]);
        if (i == j) trace1 += x;
        trace2 += x * static_cast<double>(a.view()[j * n + i]);
        norm += x * x;
      }
    std::complex<double> sum1 = 0, sum2 = 0;
    const auto values = eigenvalues(a);
    REQUIRE(values.size() == static_cast<std::size_t>(n));
    for (const auto& z : values) {
      const std::complex<double> w(z.real(), z.imag());
      sum1 += w;
      sum2 += w * w;
    }
    CHECK(std::abs(sum1 - trace1) < 10 * static_cast<double>(n) * eps * std::sqrt(norm));
    CHECK(std::abs(sum2 - trace2) < 10 * static_cast<double>(n) * eps * norm);
  }
}

TEST_CASE("eigenvalues: companion, circulant, defective, repeated and zero matrices") {
  // x^4 = 1: a cyclic shift, on which unshifted QR stands still.
  const auto unity = eigenvalues(Tensor(Shape{4, 4}, {0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}));
  std::complex<double> product = 1;
  for (const auto& z : unity) {
    CHECK(std::abs(std::abs(z) - 1) < 50 * eps);
    product *= std::complex<double>(z.real(), z.imag());
  }
  CHECK(std::abs(product + 1.0) < 100 * eps);
  // (x - 1)(x - 2)(x - 3)(x - 4) in companion form.
  const auto roots = eigenvalues(Tensor(Shape{4, 4}, {10, -35, 50, -24, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}));
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(std::abs(roots[i] - std::complex<Real>(static_cast<Real>(4 - i), 0)) < 1e-5);
  // A Jordan block: a triple eigenvalue is only as sharp as the cube root of rounding.
  for (const auto& z : eigenvalues(Tensor(Shape{3, 3}, {2, 1, 0, 0, 2, 1, 0, 0, 2})))
    CHECK(std::abs(z - std::complex<Real>(2, 0)) < 1e-4);
  for (const auto& z : eigenvalues(Tensor(Shape{5, 5}))) CHECK(z == std::complex<Real>(0, 0));
  // A symmetric matrix of small and large entries keeps its real spectrum.
  const auto tridiagonal = eigenvalues(Tensor(Shape{3, 3}, {2, -1, 0, -1, 2, -1, 0, -1, 2}));
  CHECK(std::abs(tridiagonal[0].real() - (2 + std::sqrt(2.0))) < 50 * eps);
  CHECK(std::abs(tridiagonal[2].real() - (2 - std::sqrt(2.0))) < 50 * eps);
  for (const auto& z : tridiagonal) CHECK(z.imag() == 0);
}

TEST_CASE("factored eigenvalues equal the nonzero ones of the full product") {
  const Tensor a = random_tensor(24, 5, 2), b = random_tensor(5, 24, 3);
  Tensor full(Shape{24, 24});
  matmul(as_matrix(full.view()), as_matrix(a.view()), as_matrix(b.view()));
  const auto few = factored_eigenvalues(a, b), all = eigenvalues(full);
  REQUIRE(few.size() == 5);
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(static_cast<double>(std::abs(few[i] - all[i])) <
          2000 * eps * static_cast<double>(std::abs(all[0])));
  for (std::size_t i = 5; i < 24; ++i)  // the rest vanish up to rounding of the product
    CHECK(static_cast<double>(std::abs(all[i])) < 2000 * eps * static_cast<double>(std::abs(all[0])));
}

TEST_CASE("NaN in, NaN out; wrong shapes are refused; empty is empty") {
  Tensor a = random_tensor(3, 3, 4);
  a.data[4] = std::numeric_limits<Real>::quiet_NaN();
  for (Real s : svd(a).sigma) CHECK(std::isnan(s));
  for (const auto& z : eigenvalues(a)) CHECK(std::isnan(z.real()));
  CHECK_THROWS_AS(eigenvalues(random_tensor(2, 3, 5)), ShapeError);
  CHECK_THROWS_AS(factored_eigenvalues(random_tensor(2, 3, 5), random_tensor(2, 3, 5)), ShapeError);
  CHECK_THROWS_AS(svd(Tensor(Shape{4})), ShapeError);
  CHECK(eigenvalues(Tensor(Shape{0, 0})).empty());
  CHECK(svd(Tensor(Shape{0, 3})).sigma.empty());
}
