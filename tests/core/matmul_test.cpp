#include "attn/math/matmul.hpp"

#include <doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "attn/math/random.hpp"

using namespace attn;

namespace {

// A matrix in memory of its own: row-major or transposed, with `pad` spare elements between rows
// that hold a value no result may contain.
struct Owned {
  std::vector<Real> memory;
  ConstMatrix view;
};
constexpr Real poison = 1e30f;

Owned random_matrix(Index rows, Index cols, bool transposed, Index pad, Rng& rng) {
  const Index outer = (transposed ? rows : cols) + pad;
  Owned m;
  m.memory.assign(static_cast<std::size_t>((transposed ? cols : rows) * outer), poison);
  Real* p = m.memory.data();
  Matrix w = transposed ? Matrix(p, rows, cols, 1, outer) : Matrix(p, rows, cols, outer, 1);
  for (Index r = 0; r < rows; ++r)
    for (Index c = 0; c < cols; ++c) w(r, c) = static_cast<Real>(rng.uniform() * 2 - 1);
  m.view = w;
  return m;
}

double naive(const ConstMatrix& a, const ConstMatrix& b, Index r, Index c) {
  double s = 0;
  for (Index k = 0; k < a.cols; ++k) s += static_cast<double>(a(r, k)) * static_cast<double>(b(k, c));
  return s;
}

// For |a|, |b| <= 1: k products, each rounded, summed in any order, and the final update. A bound,
// not a guess: k·eps for the sum of at most k terms of magnitude <= 1, growing with their count.
double tolerance(Index k, double alpha) {
  const double eps = static_cast<double>(std::numeric_limits<Real>::epsilon());
  return std::fabs(alpha) * static_cast<double>(k) * eps * std::sqrt(static_cast<double>(k)) + 4 * eps;
}

void check_case(Index m, Index k, Index n, bool ta, bool tb, Index pad, Store store, Real alpha) {
  Rng rng(7, static_cast<std::uint64_t>(m * 1000003 + k * 1009 + n));
  const Owned a = random_matrix(m, k, ta, pad, rng), b = random_matrix(k, n, tb, pad, rng);
  Owned c = random_matrix(m, n, false, pad, rng);
  const std::vector<Real> before = c.memory;
  matmul(Matrix(c.memory.data(), m, n, n + pad), a.view, b.view, store, alpha);

  double worst = 0;
  bool padding_intact = true;
  for (Index r = 0; r < m; ++r) {
    for (Index j = 0; j < n; ++j) {
      const std::size_t at = static_cast<std::size_t>(r * (n + pad) + j);
      const double expected = static_cast<double>(alpha) * naive(a.view, b.view, r, j) +
                              (store == Store::add ? static_cast<double>(before[at]) : 0.0);
      const double error = std::fabs(static_cast<double>(c.memory[at]) - expected);
      worst = error <= worst ? worst : error;  // a NaN becomes the worst
    }
    for (Index j = n; j < n + pad; ++j)
      padding_intact &= c.memory[static_cast<std::size_t>(r * (n + pad) + j)] == poison;
  }
  CAPTURE(m);
  CAPTURE(k);
  CAPTURE(n);
  CAPTURE(ta);
  CAPTURE(tb);
  CAPTURE(pad);
  CHECK(worst <= tolerance(k, static_cast<double>(alpha)));
  CHECK(padding_intact);
}

}  // namespace

TEST_CASE("the product equals the triple loop for small shapes, both layouts of both operands") {
  const Index sizes[] = {1, 3, 4, 5, 7, 8, 9, 17};
  for (Index m : sizes)
    for (Index k : sizes)
      for (Index n : sizes)
        for (int layout = 0; layout < 4; ++layout)
          check_case(m, k, n, layout & 1, layout & 2, (m + k + n) % 3,
                     (m + n) % 2 ? Store::add : Store::overwrite, k % 2 ? Real{1} : Real{-0.5});
}

TEST_CASE("blocking in every dimension") {
  for (int layout = 0; layout < 4; ++layout)
    for (Store store : {Store::overwrite, Store::add}) {
      check_case(48, 16, 48, layout & 1, layout & 2, 0, store, Real{0.25});
      check_case(131, 67, 45, layout & 1, layout & 2, 5, store, 1);
      check_case(37, 600, 41, layout & 1, layout & 2, 0, store, Real{0.125});  // k exceeds one block
      check_case(300, 33, 70, layout & 1, layout & 2, 1, store, 1);            // m exceeds one block
      check_case(9, 21, 1100, layout & 1, layout & 2, 3, store, 2);            // n exceeds one block
      check_case(1, 300, 257, layout & 1, layout & 2, 0, store, 1);            // a row vector
      check_case(257, 300, 1, layout & 1, layout & 2, 0, store, 1);            // a column vector
      check_case(130, 520, 530, layout & 1, layout & 2, 2, store, 1);
    }
}

TEST_CASE("the order of summation is fixed: the same call gives the same bits") {
  Rng rng(3);
  const Owned a = random_matrix(65, 130, false, 0, rng), b = random_matrix(130, 67, true, 0, rng);
  std::vector<Real> x(65 * 67), y(65 * 67);
  matmul(Matrix(x.data(), 65, 67), a.view, b.view);
  matmul(Matrix(y.data(), 65, 67), a.view, b.view);
  CHECK(x == y);
}

TEST_CASE("overwriting ignores what was there, NaN included") {
  std::vector<Real> a(6, 1), b(6, 2), c(4, std::numeric_limits<Real>::quiet_NaN());
  matmul(Matrix(c.data(), 2, 2), ConstMatrix(a.data(), 2, 3), ConstMatrix(b.data(), 3, 2));
  for (Real v : c) CHECK(v == 6);
}

TEST_CASE("NaN and infinity reach exactly the elements they belong to") {
  for (Index n : {1, 3, 8, 11, 16}) {
    std::vector<Real> a(static_cast<std::size_t>(5 * 9), 1), b(static_cast<std::size_t>(9 * n), 1);
    std::vector<Real> c(static_cast<std::size_t>(5 * n));
    a[2 * 9 + 4] = std::numeric_limits<Real>::quiet_NaN();                       // row 2
    b[static_cast<std::size_t>(7 * n)] = std::numeric_limits<Real>::infinity();  // column 0
    matmul(Matrix(c.data(), 5, n), ConstMatrix(a.data(), 5, 9), ConstMatrix(b.data(), 9, n));
    for (Index r = 0; r < 5; ++r)
      for (Index j = 0; j < n; ++j) {
        const Real v = c[static_cast<std::size_t>(r * n + j)];
        if (r == 2)
          CHECK(std::isnan(v));
        else if (j == 0)
          CHECK(std::isinf(v));
        else
          CHECK(v == 9);
      }
  }
}

TEST_CASE("a head's slice of a wider matrix needs no copy") {
  // q: [T, H·d], scores of head h = Q_h K_hᵀ / √d.
  const Index T = 6, H = 3, d = 5;
  Rng rng(11);
  const Owned q = random_matrix(T, H * d, false, 0, rng), k = random_matrix(T, H * d, false, 0, rng);
  for (Index h = 0; h < H; ++h) {
    const ConstMatrix qh(q.view.data + h * d, T, d, H * d), kh(k.view.data + h * d, T, d, H * d);
    std::vector<Real> s(static_cast<std::size_t>(T * T));
    matmul(Matrix(s.data(), T, T), qh, kh.transposed(), Store::overwrite, Real{0.5});
    for (Index i = 0; i < T; ++i)
      for (Index j = 0; j < T; ++j)
        CHECK(static_cast<double>(s[static_cast<std::size_t>(i * T + j)]) ==
              doctest::Approx(0.5 * naive(qh, kh.transposed(), i, j)).epsilon(1e-5));
  }
}

TEST_CASE("empty extents") {
  std::vector<Real> c(4, 5);
  const Real* none = nullptr;
  matmul(Matrix(c.data(), 2, 2), ConstMatrix(none, 2, 0), ConstMatrix(none, 0, 2), Store::add);
  CHECK(c == std::vector<Real>(4, 5));
  matmul(Matrix(c.data(), 2, 2), ConstMatrix(none, 2, 0), ConstMatrix(none, 0, 2));
  CHECK(c == std::vector<Real>(4, 0));
  matmul(Matrix(nullptr, 0, 2), ConstMatrix(none, 0, 3), ConstMatrix(c.data(), 3, 2, 0));
}

TEST_CASE("shapes that do not chain, and strides that are not a matrix, are refused with the shapes named") {
  std::vector<Real> a(64), c(64);
  CHECK_THROWS_WITH_AS(
      matmul(Matrix(c.data(), 2, 2), ConstMatrix(a.data(), 2, 3), ConstMatrix(a.data(), 4, 2)),
      doctest::Contains("A [2, 3]"), ShapeError);
  CHECK_THROWS_AS(
      matmul(Matrix(c.data(), 2, 2), ConstMatrix(a.data(), 2, 2, 8, 2), ConstMatrix(a.data(), 2, 2)),
      ShapeError);
  CHECK_THROWS_AS(
      matmul(Matrix(c.data(), 2, 2, 1, 2), ConstMatrix(a.data(), 2, 2), ConstMatrix(a.data(), 2, 2)),
      ShapeError);
}
