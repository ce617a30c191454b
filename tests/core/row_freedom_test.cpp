#include "attn/analysis/row_freedom.hpp"

#include <doctest.h>

#include <algorithm>
#include <cmath>

#include "attn/math/random.hpp"

using namespace attn;

namespace {

std::vector<double> drawn(Index n, Rng& rng) {
  std::vector<double> out(static_cast<std::size_t>(n));
  for (double& v : out) v = rng.normal();
  return out;
}

std::vector<double> row(Index n, double spread, Rng& rng) {
  std::vector<double> out = drawn(n, rng);
  double sum = 0;
  for (double& v : out) sum += v = std::exp(spread * v);
  for (double& v : out) v /= sum;
  return out;
}

double gap(const std::vector<double>& a, const std::vector<double>& b, const std::vector<double>& values,
           Index d) {
  double worst = 0;
  for (Index c = 0; c < d; ++c) {
    double sum = 0;
    for (std::size_t j = 0; j < a.size(); ++j)
      sum += (a[j] - b[j]) * values[j * static_cast<std::size_t>(d) + static_cast<std::size_t>(c)];
    worst = std::max(worst, std::fabs(sum));
  }
  return worst;
}

}  // namespace

TEST_CASE("row freedom: none while [V 1] has a column for every key, some from one key more") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    for (const Index d : {1, 3, 8}) {
      Rng rng(seed);
      const std::vector<double> a = row(d + 1, 1, rng), v = drawn((d + 1) * d, rng);
      const RowFreedom none = row_freedom(a, v, d);
      CHECK(none.rank == d + 1);
      CHECK(none.distance == 0);
      CHECK(none.bound == 0);
      const std::vector<double> b = row(d + 2, 1, rng), w = drawn((d + 2) * d, rng);
      const RowFreedom some = row_freedom(b, w, d);
      CHECK(some.rank == d + 1);
      CHECK(some.distance > 0);
      CHECK(some.bound >= some.distance - 1e-9);
      CHECK(gap(some.farthest, b, w, d) < 1e-12);
    }
}

TEST_CASE("row freedom: without values to match, all weight may go to the key that had least") {
  const std::vector<double> a = {0.5, 0.3, 0.2};
  const RowFreedom f = row_freedom(a, {}, 0);
  CHECK(f.distance == doctest::Approx(0.8));
  for (std::size_t j = 0; j < 3; ++j) {
    CHECK(f.low[j] == doctest::Approx(0));
    CHECK(f.high[j] == doctest::Approx(1));
  }
}

TEST_CASE("row freedom: on a line, keys 0 and 2 stand in for key 1") {
  // v = 0, 1, 2 and y = 1: rows (s, 1 - 2s, s), 0 <= s <= 1/2.
  const std::vector<double> a = {0.1, 0.8, 0.1}, v = {0, 1, 2};
  const RowFreedom f = row_freedom(a, v, 1);
  CHECK(f.low[1] == doctest::Approx(0));
  CHECK(f.high[1] == doctest::Approx(1));
  CHECK(f.high[0] == doctest::Approx(0.5));
  CHECK(f.high[2] == doctest::Approx(0.5));
  CHECK(f.distance == doctest::Approx(0.8));
  CHECK(f.bound == doctest::Approx(1));  // each key alone could lose that much, not all at once
  // two keys with one value share their weight as they like; the third is alone
  const RowFreedom twins = row_freedom({0.2, 0.3, 0.5}, {1, 1, 5}, 1);
  CHECK(twins.distance == doctest::Approx(0.3));
  CHECK(twins.low[2] == doctest::Approx(0.5));
  CHECK(twins.high[2] == doctest::Approx(0.5));
}

TEST_CASE("row freedom: the vertex found is the farthest of all, where all can be tried") {
  // One free direction: α + s n, so the two ends are all there is.
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    const Index d = 4, N = 6;
    const std::vector<double> a = row(N, 1.5, rng), v = drawn(N * d, rng);
    const RowFreedom f = row_freedom(a, v, d);
    std::vector<double> n(static_cast<std::size_t>(N));
    double up = 1e300, down = 1e300, length = 0;
    for (std::size_t j = 0; j < n.size(); ++j) n[j] = f.farthest[j] - a[j];
    for (std::size_t j = 0; j < n.size(); ++j) {
      length += std::fabs(n[j]) / 2;
      if (n[j] < 0) up = std::min(up, -a[j] / n[j]);
      if (n[j] > 0) down = std::min(down, a[j] / n[j]);
    }
    CHECK(up == doctest::Approx(1));
    CHECK(f.distance == doctest::Approx(length * std::max(up, down)));
    CHECK(f.bound >= f.distance - 1e-9);
  }
}

TEST_CASE("row freedom: peaked rows, many keys: feasible, between its bounds, and intervals hold the row") {
  for (std::uint64_t seed = 1; seed <= 3; ++seed)
    for (const double spread : {0.5, 3.0, 8.0}) {
      Rng rng(seed);
      const Index d = 16, N = 64;
      const std::vector<double> a = row(N, spread, rng), v = drawn(N * d, rng);
      const RowFreedom f = row_freedom(a, v, d);
      double sum = 0;
      for (std::size_t j = 0; j < a.size(); ++j) {
        CHECK(f.farthest[j] >= -1e-9);
        CHECK(f.low[j] <= a[j] + 1e-9);
        CHECK(f.high[j] >= a[j] - 1e-9);
        CHECK(f.farthest[j] <= f.high[j] + 1e-9);
        CHECK(f.farthest[j] >= f.low[j] - 1e-9);
        sum += f.farthest[j];
      }
      CHECK(sum == doctest::Approx(1));
      CHECK(gap(f.farthest, a, v, d) < 1e-9);
      CHECK(f.distance <= f.bound + 1e-9);
    }
}

TEST_CASE("row freedom: leading directions keep all of the values, or their largest part") {
  Rng rng(3);
  Tensor v(Shape{5, 3});
  fill_normal(v, rng, 1);
  const ConstMatrix m = as_matrix(std::as_const(v).view());
  const std::vector<double> all = leading_directions(m, 3), one = leading_directions(m, 1);
  const auto dot = [](const std::vector<double>& x, std::size_t i, std::size_t j, std::size_t d) {
    double sum = 0;
    for (std::size_t c = 0; c < d; ++c) sum += x[i * d + c] * x[j * d + c];
    return sum;
  };
  double kept = 0, whole = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 0; j < 5; ++j) {
      double direct = 0;
      for (Index c = 0; c < 3; ++c)
        direct += static_cast<double>(m(static_cast<Index>(i), c)) *
                  static_cast<double>(m(static_cast<Index>(j), c));
      CHECK(dot(all, i, j, 3) == doctest::Approx(direct).epsilon(1e-5));
    }
    kept += dot(one, i, i, 1), whole += dot(all, i, i, 3);
  }
  CHECK(kept > whole / 3);
  CHECK(kept < whole);
}
