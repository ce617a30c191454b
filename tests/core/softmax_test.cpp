#include "attn/math/softmax.hpp"

#include <doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "attn/math/random.hpp"

using namespace attn;

namespace {
constexpr Real inf = std::numeric_limits<Real>::infinity();
constexpr Real nan_value = std::numeric_limits<Real>::quiet_NaN();

Real exp_of(Real x) {
  Real y;
  vector_exp(&x, &y, 1);
  return y;
}
double sum_of(const std::vector<Real>& x) {
  double s = 0;
  for (Real v : x) s += static_cast<double>(v);
  return s;
}
}  // namespace

TEST_CASE("exp: relative error at most 2e-7 over its whole range") {
  std::vector<Real> x, y;
  for (double v = -87.3; v < 88.7; v += 0.000731) x.push_back(static_cast<Real>(v));
  y.resize(x.size());
  vector_exp(x.data(), y.data(), static_cast<Index>(x.size()));
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double exact = std::exp(static_cast<double>(x[i]));
    const double error = std::fabs(static_cast<double>(y[i]) / exact - 1);
    worst = error <= worst ? worst : error;
  }
  INFO("worst relative error " << worst);
  CHECK(worst <= 2e-7);
}

TEST_CASE("exp: special values") {
  CHECK(exp_of(-inf) == 0);
  CHECK(exp_of(0) == 1);
  CHECK(exp_of(Real{-0.0}) == 1);
  CHECK(exp_of(inf) == inf);
  CHECK(exp_of(Real{1e30f}) == inf);
  CHECK(exp_of(Real{-1e30f}) == 0);
  CHECK(std::isnan(exp_of(nan_value)));
  if (sizeof(Real) == 4) {  // the float build never returns a denormal
    CHECK(exp_of(Real{88.7228f}) < inf);
    CHECK(exp_of(Real{88.73f}) == inf);
    CHECK(exp_of(Real{-87.33f}) > 0);
    CHECK(exp_of(Real{-87.34f}) == 0);
  }
}

TEST_CASE("exp: an element's bits do not depend on its place or on the length") {
  Rng rng(1);
  std::vector<Real> x(23), y(23);
  for (Real& v : x) v = static_cast<Real>(rng.normal() * 5);
  vector_exp(x.data(), y.data(), 23);
  for (std::size_t i = 0; i < 23; ++i) CHECK(exp_of(x[i]) == y[i]);
}

TEST_CASE("softmax: masked entries are exactly zero in every lane, and the rest sums to one") {
  for (Index n = 1; n <= 17; ++n)
    for (Index masked = 0; masked < n; ++masked) {
      Rng rng(2, static_cast<std::uint64_t>(n));
      std::vector<Real> x(static_cast<std::size_t>(n));
      for (Real& v : x) v = static_cast<Real>(rng.normal());
      x[static_cast<std::size_t>(masked)] = -inf;
      softmax_row(x.data(), n);
      CHECK(x[static_cast<std::size_t>(masked)] == 0);
      CHECK(!std::signbit(x[static_cast<std::size_t>(masked)]));
      CHECK(sum_of(x) == doctest::Approx(n == 1 ? 0.0 : 1.0).epsilon(1e-6));
    }
}

TEST_CASE("softmax: a row of nothing but -inf gives zeros, one entry gives one") {
  for (Index n : {1, 2, 4, 7, 16, 33}) {
    std::vector<Real> x(static_cast<std::size_t>(n), -inf);
    softmax_row(x.data(), n);
    for (Real v : x) CHECK(v == 0);
  }
  Real one = -1e4f;
  softmax_row(&one, 1);
  CHECK(one == 1);
  softmax_row(nullptr, 0);
}

TEST_CASE("softmax: extreme values, shift invariance, order") {
  std::vector<Real> x{1e4f, -1e4f, 0, 9999}, shifted;
  softmax_row(x.data(), 4);
  CHECK(static_cast<double>(x[0]) == doctest::Approx(1 / (1 + std::exp(-1.0))));
  CHECK(x[1] == 0);
  CHECK(x[2] == 0);

  std::vector<Real> a{0.5f, -1.25f, 3, 2.75f, 0.25f}, b = a;
  for (Real& v : b) v += 64;  // exact in float for these values
  softmax_row(a.data(), 5);
  softmax_row(b.data(), 5);
  CHECK(a == b);
  CHECK((a[2] > a[3] && a[3] > a[0] && a[0] > a[4] && a[4] > a[1]));
}

TEST_CASE("softmax: NaN propagates, even beside -inf") {
  for (std::size_t at = 0; at < 9; ++at) {
    std::vector<Real> x(9, -inf);
    x[at] = nan_value;
    softmax_row(x.data(), 9);
    CHECK(std::isnan(x[at]));
  }
}

TEST_CASE("log-sum-exp: finite for extreme inputs, exact at the ends") {
  std::vector<Real> x{1000, 1000};
  CHECK(static_cast<double>(log_sum_exp(x.data(), 2)) == doctest::Approx(1000 + std::log(2.0)));
  x = {-1000, -1000, -inf};
  CHECK(static_cast<double>(log_sum_exp(x.data(), 3)) == doctest::Approx(-1000 + std::log(2.0)));
  x = {-inf, -inf};
  CHECK(log_sum_exp(x.data(), 2) == -inf);
  CHECK(log_sum_exp(x.data(), 0) == -inf);
  x = {1, inf};
  CHECK(log_sum_exp(x.data(), 2) == inf);
  x = {1, nan_value, -inf};
  CHECK(std::isnan(log_sum_exp(x.data(), 3)));

  std::vector<Real> many(301, 0);  // longer than one internal block
  CHECK(static_cast<double>(log_sum_exp(many.data(), 301)) == doctest::Approx(std::log(301.0)));
}

TEST_CASE("softmax with a null score: the weights of one key more, whose own is kept from the row") {
  for (const Real null : {Real(0), Real(-3), Real(2.5), Real(200)})
    for (Index n = 1; n <= 19; ++n) {
      Rng rng(7);
      std::vector<Real> row, wider{null};
      for (Index i = 0; i < n; ++i) row.push_back(static_cast<Real>(3 * rng.normal()));
      wider.insert(wider.end(), row.begin(), row.end());
      softmax_row(row.data(), n, null);
      softmax_row(wider.data(), n + 1);
      for (std::size_t i = 0; i < row.size(); ++i)
        CHECK(static_cast<double>(row[i]) ==
              doctest::Approx(static_cast<double>(wider[i + 1])).epsilon(1e-6));
      CHECK(sum_of(row) == doctest::Approx(1 - static_cast<double>(wider[0])).epsilon(1e-6));
    }
  // Nothing but unseen keys: all is given to nobody.
  std::vector<Real> unseen(5, -inf);
  softmax_row(unseen.data(), 5, 0);
  CHECK(unseen == std::vector<Real>(5, Real(0)));
}
