// The packed product is what WASM runs; its template is instantiated here natively as well, so that the
// packing is exercised under the sanitizers, on four lanes and on one.
#include "attn/math/matmul_packed.hpp"

#include <doctest.h>

#include <cmath>
#include <limits>

#include "attn/math/matmul_lanes.hpp"
#include "attn/math/random.hpp"

using namespace attn;

namespace {

using Gemm = void (*)(Real*, Index, Index, Index, Index, detail::Operand, detail::Operand, Store, Real,
                      Triangle);

double largest_excess(Gemm gemm, Index m, Index k, Index n, bool ta, bool tb, Store store, Real alpha) {
  Rng rng(5, static_cast<std::uint64_t>(m * 1000003 + k * 1009 + n));
  Tensor a(Shape{m, k}), b(Shape{k, n}), c(Shape{m, n});
  for (Tensor* t : {&a, &b, &c}) fill_uniform(*t, rng, -1, 1);
  const Tensor before = c;
  const detail::Operand oa{a.data.data(), ta ? m : k, ta}, ob{b.data.data(), tb ? k : n, tb};
  gemm(c.data.data(), n, m, n, k, oa, ob, store, alpha, {});

  const auto element = [](const detail::Operand& o, Index r, Index j) {
    return static_cast<double>(o.data[o.transposed ? j * o.outer + r : r * o.outer + j]);
  };
  const double eps = static_cast<double>(std::numeric_limits<Real>::epsilon());
  double worst = -1;
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j) {
      double sum = 0, magnitude = 0;  // Σ a b and Σ |a b|: the error is at most (k + 2)·eps·Σ |a b|
      for (Index p = 0; p < k; ++p) {
        const double x = element(oa, i, p) * element(ob, p, j);
        sum += x;
        magnitude += std::fabs(x);
      }
      const double old =
          store == Store::add ? static_cast<double>(before.data[static_cast<std::size_t>(i * n + j)]) : 0;
      const double scale = std::fabs(static_cast<double>(alpha));
      const double bound = static_cast<double>(k + 2) * eps * (scale * magnitude + std::fabs(old));
      const double error = std::fabs(static_cast<double>(c.data[static_cast<std::size_t>(i * n + j)]) -
                                     (static_cast<double>(alpha) * sum + old));
      worst = error - bound <= worst ? worst : error - bound;
    }
  return worst;  // positive or NaN: wrong
}

void sweep(Gemm gemm) {
  const Index sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 17};
  for (Index m : sizes)
    for (Index k : sizes)
      for (Index n : sizes)
        for (int layout = 0; layout < 4; ++layout) {
          CAPTURE(m);
          CAPTURE(k);
          CAPTURE(n);
          CAPTURE(layout);
          CHECK(largest_excess(gemm, m, k, n, layout & 1, layout & 2,
                               (m + n) % 2 ? Store::add : Store::overwrite,
                               k % 2 ? Real{1} : Real{-0.5}) <= 0);
        }
  for (int layout = 0; layout < 4; ++layout) {  // more than one block along m, along k, along n
    CHECK(largest_excess(gemm, 133, 301, 65, layout & 1, layout & 2, Store::add, 1) <= 0);
    CHECK(largest_excess(gemm, 6, 259, 523, layout & 1, layout & 2, Store::overwrite, 2) <= 0);
    CHECK(largest_excess(gemm, 1, 300, 83, layout & 1, layout & 2, Store::add, Real{-0.5}) <= 0);
    CHECK(largest_excess(gemm, 48, 16, 48, layout & 1, layout & 2, Store::overwrite, Real{0.25}) <= 0);
  }
}

// Row r of C alone against row r among others: generation with a KV cache multiplies row by row what
// training multiplies at once, and must get the same bits.
bool rows_agree(Gemm gemm, bool ta) {
  const Index m = 5, k = 600, n = 59;
  Rng rng(13);
  Tensor a(Shape{m, k}), b(Shape{k, n}), whole(Shape{m, n}), alone(Shape{m, n});
  for (Tensor* t : {&a, &b}) fill_uniform(*t, rng, -1, 1);
  const detail::Operand ob{b.data.data(), n, false};
  const Real* p = a.data.data();
  gemm(whole.data.data(), n, m, n, k, {p, ta ? m : k, ta}, ob, Store::overwrite, Real{0.3f}, {});
  for (Index r = 0; r < m; ++r)
    gemm(alone.data.data() + r * n, n, 1, n, k, {p + (ta ? r : r * k), ta ? m : k, ta}, ob, Store::overwrite,
         Real{0.3f}, {});
  return whole.data == alone.data;
}

// Leaving out what a triangle allows must change no bit of what is wanted.
bool triangle_agrees(Gemm gemm, Index m, Index k, Index n, Triangle triangle, bool tb, Store store) {
  Rng rng(17, static_cast<std::uint64_t>(m * 1009 + k));
  const bool ta = triangle.of == Triangle::Of::a_transposed;
  Tensor a(Shape{m, k}), b(Shape{k, n}), full(Shape{m, n});
  for (Tensor* t : {&a, &b, &full}) fill_uniform(*t, rng, -1, 1);
  const auto beyond = [&](Index i, Index j) { return j > i + triangle.diagonal; };
  for (Index i = 0; i < m; ++i)
    for (Index p = 0; p < k; ++p)
      if (triangle.of != Triangle::Of::c && (ta ? beyond(p, i) : beyond(i, p)))
        a.view()[ta ? p * m + i : i * k + p] = 0;
  Tensor cut = full;
  const detail::Operand oa{a.data.data(), ta ? m : k, ta}, ob{b.data.data(), tb ? k : n, tb};
  gemm(full.data.data(), n, m, n, k, oa, ob, store, Real{0.7f}, {});
  gemm(cut.data.data(), n, m, n, k, oa, ob, store, Real{0.7f}, triangle);
  bool same = true;
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j)
      if (triangle.of != Triangle::Of::c || !beyond(i, j))
        same &= cut.view()[i * n + j] == full.view()[i * n + j];
  return same;
}

void triangles(Gemm gemm) {
  for (Triangle::Of of : {Triangle::Of::c, Triangle::Of::a, Triangle::Of::a_transposed})
    for (Index diagonal : {0, 1, 3, 6})
      for (Index m : {1, 3, 4, 6, 9, 48, 133}) {
        CAPTURE(static_cast<int>(of));
        CAPTURE(diagonal);
        CAPTURE(m);
        const bool scores = of == Triangle::Of::c;
        const Index keys = m + diagonal, depth = 5;
        for (bool tb : {false, true})
          CHECK(triangle_agrees(gemm, of == Triangle::Of::a_transposed ? keys : m,
                                scores                  ? depth
                                : of == Triangle::Of::a ? keys
                                                        : m,
                                scores ? keys : depth, {of, diagonal}, tb,
                                m % 2 ? Store::add : Store::overwrite));
      }
  for (Triangle::Of of : {Triangle::Of::c, Triangle::Of::a, Triangle::Of::a_transposed})  // several blocks
    CHECK(triangle_agrees(gemm, 300, 300, 270, {of, 0}, false, Store::overwrite));
}

// The work is left out, not only allowed to be: a NaN in it leaves no trace.
bool triangle_is_skipped(Gemm gemm) {
  const Index n = 8;
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  Tensor a(Shape{n, n}), b(Shape{n, n}), c(Shape{n, n});
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) a.view()[i * n + j] = j > i ? Real{0} : Real{1};
  for (Index j = 0; j < n; ++j) b.view()[(n - 1) * n + j] = nan;  // the last key
  gemm(c.data.data(), n, n, n, n, {a.data.data(), n, false}, {b.data.data(), n, false}, Store::overwrite, 1,
       {Triangle::Of::a, 0});
  return c.view()[0] == 0 && std::isnan(c.view()[n * n - 1]);
}

}  // namespace

TEST_CASE("what a triangle allows to be left out is left out, and nothing else changes") {
  triangles(detail::PackedProduct<detail::ScalarOps>::run);
  CHECK(triangle_is_skipped(detail::PackedProduct<detail::ScalarOps>::run));
#ifndef ATTN_REAL_DOUBLE
  triangles(detail::PackedProduct<detail::FourLanes>::run);
  CHECK(triangle_is_skipped(detail::PackedProduct<detail::FourLanes>::run));
#endif
}

TEST_CASE("a row alone gives the same bits as among others") {
  for (bool ta : {false, true}) {
    CHECK(rows_agree(detail::PackedProduct<detail::ScalarOps>::run, ta));
#ifndef ATTN_REAL_DOUBLE
    CHECK(rows_agree(detail::PackedProduct<detail::FourLanes>::run, ta));
#endif
  }
}

TEST_CASE("the packed product, one number at a time") {
  sweep(detail::PackedProduct<detail::ScalarOps>::run);
}

#ifndef ATTN_REAL_DOUBLE
TEST_CASE("the packed product on four lanes") { sweep(detail::PackedProduct<detail::FourLanes>::run); }

TEST_CASE("one lane and four give the same bits: each element sums over k in the same order") {
  Rng rng(9);
  Tensor a(Shape{37, 300}), b(Shape{300, 29}), x(Shape{37, 29}), y(Shape{37, 29});
  fill_uniform(a, rng, -1, 1);
  fill_uniform(b, rng, -1, 1);
  const detail::Operand oa{a.data.data(), 300, false}, ob{b.data.data(), 29, false};
  detail::PackedProduct<detail::ScalarOps>::run(x.data.data(), 29, 37, 29, 300, oa, ob, Store::overwrite, 1,
                                                {});
  detail::PackedProduct<detail::FourLanes>::run(y.data.data(), 29, 37, 29, 300, oa, ob, Store::overwrite, 1,
                                                {});
  CHECK(x.data == y.data);
}
#endif
