#include "attn/analysis/pattern_fit.hpp"

#include <doctest.h>

#include <cmath>

#include "attn/attention/mask.hpp"
#include "attn/attention/pattern.hpp"
#include "attn/math/random.hpp"

using namespace attn;

namespace {

Tensor one_hot(const std::vector<Index>& target) {
  const Index n = static_cast<Index>(target.size());
  Tensor p({n, n});
  for (Index i = 0; i < n; ++i)
    p.data[static_cast<std::size_t>(i * n + target[static_cast<std::size_t>(i)])] = 1;
  return p;
}

// softmax of Gaussian logits: a dense pattern whose logarithm has full rank.
Tensor soft(Index n, std::uint64_t seed, Real spread) {
  Tensor p({n, n});
  Rng rng(seed);
  fill_normal(p, rng, spread);
  const Matrix m = as_matrix(p.view());
  masked_softmax(m, m, KeyMask{}, 0);
  return p;
}

Real fitted(const Tensor& target, Index width) {
  PatternFit options;
  options.width = width;
  return fit_pattern(target, options).divergence;
}

}  // namespace

TEST_CASE("the divergence of two patterns is a mean over rows, and zero weights cost nothing") {
  const Tensor p({2, 2}, {1, 0, Real(0.5), Real(0.5)}),
      a({2, 2}, {Real(0.5), Real(0.5), Real(0.25), Real(0.75)});
  const double expected = (std::log(2.0) + 0.5 * std::log(2.0) + 0.5 * std::log(2.0 / 3)) / 2;
  CHECK(static_cast<double>(pattern_divergence(p, a)) == doctest::Approx(expected).epsilon(1e-6));
  CHECK(pattern_divergence(p, p) == 0);
}

TEST_CASE("two dimensions point anywhere, one does not") {
  Rng rng(3);
  const Tensor target = one_hot(permutation(16, rng));
  CHECK(fitted(target, 2) < Real(0.02));
  CHECK(fitted(target, 1) > Real(0.5));  // on a line the inner keys are never the best
}

TEST_CASE("a dense pattern needs nearly as many dimensions as there are tokens") {
  const Tensor target = soft(16, 5, 2);
  const Real narrow = fitted(target, 2), middle = fitted(target, 6), wide = fitted(target, 15);
  CHECK(narrow > Real(0.1));
  CHECK(middle < narrow);
  CHECK(middle > Real(0.01));
  CHECK(wide < Real(1e-3));  // rank(log P) <= d + 1: fifteen and the constant of each row
}

TEST_CASE("a pattern whose logarithm has rank d fits at width d") {
  Tensor q({12, 3}), k({12, 3}), p({12, 12});
  Rng rng(7);
  fill_normal(q, rng, 1);
  fill_normal(k, rng, 1);
  matmul(as_matrix(p.view()), as_matrix(ConstView(q)), as_matrix(ConstView(k)).transposed());
  const Matrix m = as_matrix(p.view());
  masked_softmax(m, m, KeyMask{}, 0);
  CHECK(fitted(p, 3) < Real(1e-3));
}

TEST_CASE("keys on a circle: the loudness that 0.99 takes grows as n²") {
  // β = n² ln(2p/(1-p)) / (2π²) for large n; the values at p = 0.99 are from a bisection.
  for (const auto& [n, beta] : {std::pair<Index, double>{16, 69.5}, {32, 275.0}, {64, 1098.0}}) {
    Rng rng(1);
    const std::vector<Index> target = permutation(n, rng);
    const auto weight = [&, n = n](double b) {
      const Tensor a = circle_pattern(target, static_cast<Real>(b));
      Real least = 1;
      for (Index i = 0; i < n; ++i)
        least =
            std::min(least, a.data[static_cast<std::size_t>(i * n + target[static_cast<std::size_t>(i)])]);
      return static_cast<double>(least);
    };
    CHECK(weight(beta * 1.01) > 0.99);
    CHECK(weight(beta * 0.98) < 0.99);
  }
}

TEST_CASE("what is no pattern is refused") {
  CHECK_THROWS_AS(fit_pattern(Tensor({2, 3}), PatternFit{}), ShapeError);
  CHECK_THROWS_AS(fit_pattern(Tensor({2, 2}, {1, 1, 0, 1}), PatternFit{}), ShapeError);
  CHECK_THROWS_AS(fit_pattern(Tensor({2, 2}, {2, -1, 0, 1}), PatternFit{}), ShapeError);
  PatternFit none;
  none.width = 0;
  CHECK_THROWS_AS(fit_pattern(one_hot({0, 1}), none), ShapeError);
}
