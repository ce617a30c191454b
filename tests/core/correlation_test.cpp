#include "attn/analysis/correlation.hpp"

#include <doctest.h>

#include <cmath>
#include <limits>

#include "attn/base/error.hpp"

using namespace attn;

TEST_CASE("correlation: Anscombe's first quartet") {
  const std::vector<Real> x{10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5};
  std::vector<Real> y;
  for (double v : {8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68})
    y.push_back(static_cast<Real>(v));
  CHECK(static_cast<double>(pearson(x, y)) == doctest::Approx(0.816421).epsilon(1e-5));
  CHECK(static_cast<double>(spearman(x, y)) == doctest::Approx(1 - 6.0 * 40 / (11 * 120)).epsilon(1e-5));
}

TEST_CASE("correlation: equal values share a rank, and the order alone decides Spearman's") {
  CHECK(ranks({3, 1, 3, 2, 3}) == std::vector<Real>{4, 1, 4, 2, 4});
  CHECK(spearman({1, 2, 3, 4}, {1, 10, 100, 1000}) == 1);
  CHECK(spearman({1, 2, 3, 4}, {8, 4, 2, 1}) == -1);
  // With ties Pearson of the ranks, not 1 - 6 Σd² / n(n² - 1): (1, 2.5, 2.5, 4) against (1, 2, 3, 4).
  CHECK(static_cast<double>(spearman({1, 2, 2, 3}, {1, 2, 3, 4})) ==
        doctest::Approx(4.5 / std::sqrt(4.5 * 5)).epsilon(1e-6));
}

TEST_CASE("correlation: undefined cases") {
  CHECK(std::isnan(pearson({1, 1, 1}, {1, 2, 3})));
  CHECK(std::isnan(pearson({1}, {1})));
  std::vector<Real> gaps, whole;
  for (int i = 0; i < 100; ++i) {
    gaps.push_back(i % 3 ? static_cast<Real>(i * 37 % 100) : std::numeric_limits<Real>::quiet_NaN());
    whole.push_back(static_cast<Real>(i));
  }
  const std::vector<Real> places = ranks(gaps);
  for (std::size_t i = 0; i < gaps.size(); ++i) CHECK(std::isnan(places[i]) == std::isnan(gaps[i]));
  CHECK(places[28] + 1 == places[1]);  // 36 and 37: the numbers keep their order
  CHECK(std::isnan(spearman(gaps, whole)));
  CHECK_THROWS_AS(pearson({1, 2}, {1}), ShapeError);
}

TEST_CASE("correlation: Kendall counts pairs; ties count for neither side") {
  const auto tau = [](std::vector<double> x, std::vector<double> y) {
    return kendall(x.data(), y.data(), x.size());
  };
  CHECK(tau({1, 2, 3, 4}, {1, 10, 100, 1000}) == 1);
  CHECK(tau({1, 2, 3, 4}, {4, 3, 2, 1}) == -1);
  CHECK(tau({1, 2, 3, 4}, {1, 3, 2, 4}) == doctest::Approx(2.0 / 3));
  // scipy.stats.kendalltau([12, 2, 1, 12, 2], [1, 4, 7, 1, 0]) of its documentation
  CHECK(tau({12, 2, 1, 12, 2}, {1, 4, 7, 1, 0}) == doctest::Approx(-0.4714045));
  CHECK(std::isnan(tau({1, 1}, {1, 2})));
}
