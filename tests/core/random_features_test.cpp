#include "attn/attention/random_features.hpp"

#include <doctest.h>

#include <cmath>

#include "attn/math/vector.hpp"

using namespace attn;

namespace {

constexpr FeatureKind kinds[] = {FeatureKind::trigonometric, FeatureKind::positive, FeatureKind::hyperbolic};

struct Measured {
  double mean, square;  // of the estimate, and of its error
};

Measured measure(FeatureKind kind, const Tensor& x, const Tensor& y, Index m, bool orthogonal, Index draws) {
  const Index d = x.size();
  std::vector<Real> a(static_cast<std::size_t>(feature_count(kind, m))), b = a;
  const double truth = std::exp(static_cast<double>(vec::dot(x.data.data(), y.data.data(), d)));
  Measured out{0, 0};
  for (Index i = 0; i < draws; ++i) {
    Rng rng(77, static_cast<std::uint64_t>(i));
    const Tensor omega = draw_features(m, d, orthogonal, rng);
    feature_map(kind, as_matrix(omega.view()), x.data.data(), a.data());
    feature_map(kind, as_matrix(omega.view()), y.data.data(), b.data());
    const double estimate = static_cast<double>(vec::dot(a.data(), b.data(), static_cast<Index>(a.size())));
    out.mean += estimate / static_cast<double>(draws);
    out.square += (estimate - truth) * (estimate - truth) / static_cast<double>(draws);
  }
  return out;
}

}  // namespace

TEST_CASE("random features: each kind is unbiased, and errs by what its closed form says") {
  const Tensor x({4}, {Real(0.5), Real(-0.2), Real(0.1), Real(0.4)}),
      y({4}, {Real(-0.1), Real(0.3), Real(0.5), Real(0.2)});
  const double dot = static_cast<double>(vec::dot(x.data.data(), y.data.data(), 4));
  const double xx = static_cast<double>(vec::sum_squares(x.data.data(), 4)),
               yy = static_cast<double>(vec::sum_squares(y.data.data(), 4));
  for (const FeatureKind kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    const double want = feature_error(kind, 8, xx + yy + 2 * dot, xx + yy - 2 * dot, dot);
    const Measured got = measure(kind, x, y, 8, false, 6000);
    CHECK(got.mean == doctest::Approx(std::exp(dot)).epsilon(4 * std::sqrt(want / 6000) / std::exp(dot)));
    CHECK(got.square == doctest::Approx(want).epsilon(0.12));
  }
}

TEST_CASE("random features: orthogonal rows are orthogonal, unbiased, and err less") {
  Rng rng(3);
  const Tensor omega = draw_features(7, 4, true, rng);
  const ConstMatrix w = as_matrix(omega.view());
  for (Index i = 0; i < 7; ++i)
    for (Index j = 0; j < i; ++j)
      if (i / 4 == j / 4) CHECK(std::fabs(vec::dot(&w(i, 0), &w(j, 0), 4)) < Real(1e-4));
  const Tensor x({4}, {1, 0, Real(0.5), 0}), y({4}, {0, 1, 0, Real(0.5)});
  const Measured free = measure(FeatureKind::positive, x, y, 8, false, 4000),
                 bound = measure(FeatureKind::positive, x, y, 8, true, 4000);
  CHECK(bound.mean == doctest::Approx(1).epsilon(0.06));
  CHECK(bound.square < 0.9 * free.square);
}

// The table of chapter 17: d = 16, m = 64, ‖x‖ = ‖y‖ = r.
TEST_CASE("random features: positive ones win where the kernel is small and lose where it is large") {
  const auto relative = [](FeatureKind kind, double r, double cosine) {
    const double dot = r * r * cosine;
    return std::sqrt(feature_error(kind, 64, 2 * r * r + 2 * dot, 2 * r * r - 2 * dot, dot)) / std::exp(dot);
  };
  CHECK(relative(FeatureKind::trigonometric, 1.5, 0.9) == doctest::Approx(0.040).epsilon(0.02));
  CHECK(relative(FeatureKind::positive, 1.5, 0.9) == doctest::Approx(9.0).epsilon(0.02));
  CHECK(relative(FeatureKind::trigonometric, 1.5, -0.9) == doctest::Approx(6.4).epsilon(0.02));
  CHECK(relative(FeatureKind::positive, 1.5, -0.9) == doctest::Approx(0.094).epsilon(0.02));
}
