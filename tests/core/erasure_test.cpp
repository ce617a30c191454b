#include "attn/analysis/erasure.hpp"

#include <doctest.h>

#include <cmath>

#include "attn/analysis/probe.hpp"

using namespace attn;

namespace {

double d(Real x) { return static_cast<double>(x); }

// Rows of noise, the class written along one direction, mixed so that no axis is special.
struct Written {
  Tensor x;
  std::vector<Index> labels;
};
Written written(Index N, Index D, Index classes, std::uint64_t seed) {
  Rng rng(seed);
  Written w{Tensor(Shape{N, D}), {}};
  Tensor means(Shape{classes, D}), mix(Shape{D, D});
  fill_normal(means, rng, 2);
  fill_normal(mix, rng, 1);
  for (Index n = 0; n < N; ++n) {
    const Index c = rng.below(classes);
    w.labels.push_back(c);
    std::vector<double> row(static_cast<std::size_t>(D));
    for (Index i = 0; i < D; ++i)
      row[static_cast<std::size_t>(i)] = rng.normal() + d(means.view()[c * D + i]);
    for (Index j = 0; j < D; ++j) {
      double sum = 1;  // a mean that is not zero
      for (Index i = 0; i < D; ++i) sum += row[static_cast<std::size_t>(i)] * d(mix.view()[i * D + j]);
      w.x.view()[n * D + j] = static_cast<Real>(sum);
    }
  }
  return w;
}

double class_mean_gap(const Tensor& x, const std::vector<Index>& labels, Index classes) {
  const Index N = x.shape[0], D = x.shape[1];
  double worst = 0;
  for (Index c = 0; c < classes; ++c)
    for (Index j = 0; j < D; ++j) {
      double own = 0, all = 0, count = 0;
      for (Index n = 0; n < N; ++n) {
        const double v = d(x.data[static_cast<std::size_t>(n * D + j)]);
        all += v / static_cast<double>(N);
        if (labels[static_cast<std::size_t>(n)] == c) own += v, count += 1;
      }
      worst = std::max(worst, std::fabs(own / count - all));
    }
  return worst;
}

}  // namespace

TEST_CASE("erasure: every class has the mean of all, and a fresh probe finds the largest class at best") {
  Written w = written(800, 8, 3, 5);
  const Probe before = fit_probe(w.x, w.labels, 3);
  CHECK(d(evaluate(before, w.x, w.labels).accuracy) > 0.9);
  const Eraser eraser = erase_labels(w.x, w.labels, 3);
  CHECK(eraser.rank == 2);  // three means span a plane around their mean
  erase(eraser, w.x.view());
  CHECK(class_mean_gap(w.x, w.labels, 3) < 1e-3);
  const Probe after = fit_probe(w.x, w.labels, 3);
  CHECK(d(evaluate(after, w.x, w.labels).accuracy) < 0.42);
  // Erased twice is erased once: a projection.
  Tensor again = w.x;
  erase(eraser, again.view());
  for (std::size_t i = 0; i < again.data.size(); ++i) CHECK(std::fabs(d(again.data[i] - w.x.data[i])) < 2e-3);
}

TEST_CASE("erasure: in one dimension of two, worked by hand") {
  // Label = sign of the first coordinate, the second is independent: the first becomes its mean, 0.5.
  const Tensor x(Shape{4, 2}, {Real(1.5), 1, Real(1.5), -1, Real(-0.5), 1, Real(-0.5), -1});
  Tensor y = x;
  const Eraser eraser = erase_labels(x, {1, 1, 0, 0}, 2);
  REQUIRE(eraser.rank == 1);
  erase(eraser, y.view());
  for (std::size_t n = 0; n < 4; ++n) {
    CHECK(d(y.data[2 * n]) == doctest::Approx(0.5).epsilon(1e-5));
    CHECK(d(y.data[2 * n + 1]) == doctest::Approx(d(x.data[2 * n + 1])).epsilon(1e-5));
  }
}

TEST_CASE("erasure: of the least disturbance, LEACE's is no larger than an orthogonal projection's") {
  const Written w = written(600, 6, 2, 9);
  const auto moved = [&](const Tensor& y) {
    double sum = 0;
    for (std::size_t i = 0; i < y.data.size(); ++i) sum += std::pow(d(y.data[i] - w.x.data[i]), 2);
    return sum;
  };
  Tensor leace = w.x, orthogonal = w.x;
  const Eraser eraser = erase_labels(w.x, w.labels, 2);
  erase(eraser, leace.view());
  // The orthogonal one: along the difference of the class means.
  std::vector<double> gap(6), mean(6);
  double ones = 0;
  for (Index label : w.labels) ones += static_cast<double>(label);
  for (std::size_t n = 0; n < 600; ++n)
    for (std::size_t j = 0; j < 6; ++j) {
      const double v = d(w.x.data[n * 6 + j]);
      mean[j] += v / 600;
      gap[j] += w.labels[n] ? v / ones : -v / (600 - ones);
    }
  double norm = 0;
  for (double g : gap) norm += g * g;
  for (std::size_t n = 0; n < 600; ++n) {
    double along = 0;
    for (std::size_t j = 0; j < 6; ++j) along += (d(w.x.data[n * 6 + j]) - mean[j]) * gap[j] / norm;
    for (std::size_t j = 0; j < 6; ++j) orthogonal.data[n * 6 + j] -= static_cast<Real>(along * gap[j]);
  }
  CHECK(class_mean_gap(orthogonal, w.labels, 2) < 1e-3);
  CHECK(moved(leace) < moved(orthogonal) * 1.0001);
  CHECK(moved(leace) > 0);
}

TEST_CASE("erasure: random directions take as many dimensions and leave the classes") {
  Written w = written(800, 8, 3, 5);
  Rng rng(1);
  const Eraser eraser = erase_at_random(w.x, 2, rng);
  CHECK(eraser.rank == 2);
  erase(eraser, w.x.view());
  CHECK(d(evaluate(fit_probe(w.x, w.labels, 3), w.x, w.labels).accuracy) > 0.7);
  CHECK_THROWS_AS(erase_labels(w.x, {0, 1}, 2), ShapeError);
  Tensor narrow(Shape{2, 3});
  CHECK_THROWS_AS(erase(eraser, narrow.view()), ShapeError);
}
