#include "attn/attention/online_softmax.hpp"

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "attn/math/random.hpp"

using namespace attn;

namespace {

Tensor normal(const Shape& shape, std::uint64_t seed) {
  Tensor t(shape);
  Rng rng(seed);
  fill_normal(t, rng, 1);
  return t;
}

// The definition, in double.
std::vector<double> naive(const Tensor& q, const Tensor& k, const Tensor& v, double scale) {
  const Index T = q.shape[0], S = k.shape[0], d = q.shape[1], e = v.shape[1];
  std::vector<double> out(static_cast<std::size_t>(T * e));
  std::vector<double> s(static_cast<std::size_t>(S));
  const auto at = [](const Tensor& t, Index r, Index c) {
    return static_cast<double>(t.data[static_cast<std::size_t>(r * t.shape[1] + c)]);
  };
  for (Index i = 0; i < T; ++i) {
    for (Index j = 0; j < S; ++j) {
      double dot = 0;
      for (Index c = 0; c < d; ++c) dot += at(q, i, c) * at(k, j, c);
      s[static_cast<std::size_t>(j)] = scale * dot;
    }
    const double m = *std::max_element(s.begin(), s.end());
    double total = 0;
    for (double& x : s) total += x = std::exp(x - m);
    for (Index j = 0; j < S; ++j)
      for (Index c = 0; c < e; ++c)
        out[static_cast<std::size_t>(i * e + c)] += s[static_cast<std::size_t>(j)] / total * at(v, j, c);
  }
  return out;
}

}  // namespace

TEST_CASE("tiled attention: any tiling gives the definition, ragged ends included") {
  const Tensor q = normal({13, 8}, 1), k = normal({29, 8}, 2), v = normal({29, 5}, 3);
  const std::vector<double> want = naive(q, k, v, 0.7);
  for (Index rows : {1, 4, 13, 50})
    for (Index keys : {1, 3, 8, 29, 64}) {
      const TiledAttention got = tiled_attention(as_matrix(q.view()), as_matrix(k.view()),
                                                 as_matrix(v.view()), Real(0.7), {rows, keys});
      for (std::size_t i = 0; i < want.size(); ++i)
        CHECK(static_cast<double>(got.output.data[i]) == doctest::Approx(want[i]).epsilon(2e-6).scale(1));
    }
}

TEST_CASE("tiled attention: what crosses the border is counted") {
  const Tensor q = normal({12, 4}, 1), k = normal({10, 4}, 2), v = normal({10, 6}, 3);
  const TiledAttention got =
      tiled_attention(as_matrix(q.view()), as_matrix(k.view()), as_matrix(v.view()), 1, {5, 3});
  CHECK(got.traffic.read ==
        12 * 4 + 3 * 10 * (4 + 6));  // Q once, K and V for each of three blocks of queries
  CHECK(got.traffic.written == 12 * 6);
  const Traffic whole = untiled_traffic(12, 10, 4, 6);
  CHECK(whole.read == (12 + 10) * 4 + 2 * 120 + 10 * 6);
  CHECK(whole.written == 2 * 120 + 12 * 6);
  const Tensor shorter = normal({9, 6}, 4);
  CHECK_THROWS_AS(
      tiled_attention(as_matrix(q.view()), as_matrix(k.view()), as_matrix(shorter.view()), 1, {5, 3}),
      ShapeError);
}

TEST_CASE("online row: it rescales at records only") {
  const Tensor ones({8, 1}, std::vector<Real>(8, 1));
  std::vector<Real> up(8), down(8);
  std::iota(up.begin(), up.end(), Real(0));
  std::copy(up.rbegin(), up.rend(), down.begin());
  const auto rescales = [&](const std::vector<Real>& scores) {
    OnlineRow row(1);
    for (Index j = 0; j < 8; ++j)
      row.absorb(&scores[static_cast<std::size_t>(j)], as_matrix(ones.view().sub(j).reshaped({1, 1})));
    return row.rescales;
  };
  CHECK(rescales(up) == 7);
  CHECK(rescales(down) == 0);
}

TEST_CASE("online row: halves merge to the whole in either order; masked keys and no keys weigh nothing") {
  const Tensor v = normal({6, 3}, 7);
  const std::vector<Real> s = {1, -2, 30, 4, -std::numeric_limits<Real>::infinity(), 29};
  const ConstMatrix values = as_matrix(v.view());
  const auto part = [&](Index from, Index to) {
    OnlineRow row(3);
    row.absorb(&s[static_cast<std::size_t>(from)], ConstMatrix(&values(from, 0), to - from, 3, 3));
    return row;
  };
  const std::vector<Real> whole = part(0, 6).read();
  OnlineRow left = part(0, 3), right = part(3, 6);
  right.merge(part(0, 3));
  left.merge(part(3, 6));
  left.merge(OnlineRow(3));
  OnlineRow none(3);
  none.merge(left);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(left.read()[i] == doctest::Approx(static_cast<double>(whole[i])).epsilon(1e-6));
    CHECK(right.read()[i] == doctest::Approx(static_cast<double>(whole[i])).epsilon(1e-6));
    CHECK(none.read()[i] == left.read()[i]);
  }
  CHECK(part(4, 5).denominator == 0);
  CHECK(part(4, 5).read() == std::vector<Real>(3, 0));
}
