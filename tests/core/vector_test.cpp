#include "attn/math/vector.hpp"

#include <doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "attn/math/random.hpp"

using namespace attn;

namespace {

std::vector<Real> random_vector(Index n, std::uint64_t stream) {
  Rng rng(8, stream);
  std::vector<Real> x(static_cast<std::size_t>(n));
  for (Real& v : x) v = static_cast<Real>(rng.normal());
  return x;
}

// Largest |f(x) / exact(x) - 1| over a fine grid.
double relative_error(void (*f)(const Real*, Real*, Index), double (*exact)(double), double from, double to) {
  std::vector<Real> x, y;
  for (double v = from; v < to; v += (to - from) / 100003) x.push_back(static_cast<Real>(v));
  y.resize(x.size());
  f(x.data(), y.data(), static_cast<Index>(x.size()));
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double error = std::fabs(static_cast<double>(y[i]) / exact(static_cast<double>(x[i])) - 1);
    worst = error <= worst ? worst : error;
  }
  return worst;
}

double exact_tanh(double x) { return std::tanh(x); }
double exact_sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double exact_cdf(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }
double exact_pdf(double x) { return std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979323846); }

}  // namespace

TEST_CASE("elementwise loops and reductions equal their definitions at every length") {
  for (Index n = 0; n <= 70; ++n) {
    const std::vector<Real> a = random_vector(n, 1), b = random_vector(n, 2);
    std::vector<Real> sum(a.size()), product(a.size()), scaled(a.size()), y = b, z = b, w = b;
    vec::add(a.data(), b.data(), sum.data(), n);
    vec::multiply(a.data(), b.data(), product.data(), n);
    vec::scale(3, a.data(), scaled.data(), n);
    vec::accumulate(a.data(), y.data(), n);
    vec::axpy(2, a.data(), z.data(), n);
    vec::multiply_add(a.data(), b.data(), w.data(), n);
    std::vector<Real> copied(a.size()), in_place = a, filled(a.size());
    vec::copy(a.data(), copied.data(), n);
    vec::multiply(in_place.data(), b.data(), in_place.data(), n);
    vec::fill(-7, filled.data(), n);
    double total = 0, dot = 0, magnitude = 0;
    Real largest = -std::numeric_limits<Real>::infinity();
    bool same = true;
    for (std::size_t i = 0; i < a.size(); ++i) {
      same &= sum[i] == a[i] + b[i] && product[i] == a[i] * b[i] && scaled[i] == 3 * a[i];
      same &= y[i] == a[i] + b[i] && z[i] == b[i] + 2 * a[i] && w[i] == b[i] + a[i] * b[i];
      same &= copied[i] == a[i] && in_place[i] == product[i] && filled[i] == -7;
      total += static_cast<double>(a[i]);
      dot += static_cast<double>(a[i]) * static_cast<double>(b[i]);
      magnitude += std::fabs(static_cast<double>(a[i])) * (1 + std::fabs(static_cast<double>(b[i])));
      largest = a[i] > largest ? a[i] : largest;
    }
    const double bound =
        static_cast<double>(n) * static_cast<double>(std::numeric_limits<Real>::epsilon()) * magnitude;
    CHECK(same);
    CHECK(std::fabs(static_cast<double>(vec::sum(a.data(), n)) - total) <= bound);
    CHECK(std::fabs(static_cast<double>(vec::dot(a.data(), b.data(), n)) - dot) <= bound);
    CHECK(vec::max(a.data(), n) == largest);
  }
}

TEST_CASE("max reports NaN from every place") {
  for (Index n = 1; n <= 19; ++n)
    for (Index at = 0; at < n; ++at) {
      std::vector<Real> x = random_vector(n, 3);
      x[static_cast<std::size_t>(at)] = std::numeric_limits<Real>::quiet_NaN();
      CHECK(std::isnan(vec::max(x.data(), n)));
    }
}

TEST_CASE("elementary functions: relative error") {
  CHECK(relative_error(vec::tanh, exact_tanh, -20, 20) <= 4e-7);
  CHECK(relative_error(vec::sigmoid, exact_sigmoid, -80, 80) <= 4e-7);
  CHECK(relative_error(vec::normal_cdf, exact_cdf, -2, 12) <= 4e-7);
  // Further out the rounding of x² is multiplied by x²/2.
  CHECK(relative_error(vec::normal_cdf, exact_cdf, -12, -2) <= 1e-5);
  CHECK(relative_error(vec::normal_pdf, exact_pdf, -2, 2) <= 4e-7);
  CHECK(relative_error(vec::normal_pdf, exact_pdf, -12, 12) <= 1e-5);
}

TEST_CASE("elementary functions: the ends") {
  const Real inf = std::numeric_limits<Real>::infinity(), nan = std::numeric_limits<Real>::quiet_NaN();
  const std::vector<Real> x{-inf, inf, 0, nan};
  std::vector<Real> y(4);
  vec::tanh(x.data(), y.data(), 4);
  CHECK((y[0] == -1 && y[1] == 1 && y[2] == 0 && std::isnan(y[3])));
  vec::sigmoid(x.data(), y.data(), 4);
  CHECK((y[0] == 0 && y[1] == 1 && y[2] == Real{0.5} && std::isnan(y[3])));
  vec::normal_cdf(x.data(), y.data(), 4);
  CHECK((y[0] == 0 && y[1] == 1 && std::fabs(y[2] - Real{0.5}) < 1e-7 && std::isnan(y[3])));
  vec::normal_pdf(x.data(), y.data(), 4);
  CHECK((y[0] == 0 && y[1] == 0 && std::isnan(y[3])));
}
