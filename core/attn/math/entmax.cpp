#include "attn/math/entmax.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

namespace attn {
namespace {

double d(Real x) { return static_cast<double>(x); }

// scale · (z - max), largest first, without what can never be in the support.
std::vector<double> sorted(const Real* z, Index n, double scale, double peak) {
  std::vector<double> x;
  for (Index i = 0; i < n; ++i)
    if (std::isfinite(z[i])) x.push_back(scale * (d(z[i]) - peak));
  std::sort(x.begin(), x.end(), std::greater<double>());
  return x;
}

double largest(const Real* z, Index n) {
  double peak = -std::numeric_limits<double>::infinity();
  for (Index i = 0; i < n; ++i) peak = std::max(peak, d(z[i]));
  return peak;
}

// [x - τ]₊^power for the row, x = scale · (z - max).
void apply(Real* z, Index n, double scale, double peak, double tau, bool squared) {
  for (Index i = 0; i < n; ++i) {
    const double x = std::isfinite(z[i]) ? std::max(0.0, scale * (d(z[i]) - peak) - tau) : 0;
    z[i] = static_cast<Real>(squared ? x * x : x);
  }
}

template <class Weight>
void backward(Real* dz, const Real* p, Index n, Weight weight) {
  double sum = 0, along = 0;
  for (Index i = 0; i < n; ++i) {
    const double s = weight(d(p[i]));
    sum += s;
    along += s * d(dz[i]);
  }
  const double mean = sum > 0 ? along / sum : 0;
  for (Index i = 0; i < n; ++i) dz[i] = static_cast<Real>(weight(d(p[i])) * (d(dz[i]) - mean));
}

}  // namespace

// #region entmax
void entmax15_row(Real* z, Index n) {
  const double peak = largest(z, n);
  if (!std::isfinite(peak)) {
    std::fill_n(z, n, Real(0));
    return;
  }
  const std::vector<double> x = sorted(z, n, 0.5, peak);
  // For a support of the k largest, Σ (x_i - τ)² = 1 has the root τ = mean - √((1 - k·variance) / k). The
  // support is the largest k whose smallest member is above its τ.
  double tau = x[0] - 1, sum = 0, squares = 0;
  for (std::size_t k = 1; k <= x.size(); ++k) {
    sum += x[k - 1];
    squares += x[k - 1] * x[k - 1];
    const double count = static_cast<double>(k), mean = sum / count;
    const double scatter = squares - count * mean * mean;  // k · variance
    if (scatter > 1) break;
    const double candidate = mean - std::sqrt((1 - scatter) / count);
    if (candidate > x[k - 1]) break;
    tau = candidate;
  }
  apply(z, n, 0.5, peak, tau, true);
}
// #endregion

void sparsemax_row(Real* z, Index n) {
  const double peak = largest(z, n);
  if (!std::isfinite(peak)) {
    std::fill_n(z, n, Real(0));
    return;
  }
  const std::vector<double> x = sorted(z, n, 1, peak);
  double tau = x[0] - 1, sum = 0;
  for (std::size_t k = 1; k <= x.size(); ++k) {
    sum += x[k - 1];
    const double candidate = (sum - 1) / static_cast<double>(k);
    if (candidate >= x[k - 1]) break;
    tau = candidate;
  }
  apply(z, n, 1, peak, tau, false);
}

void entmax15_row_backward(Real* dz, const Real* p, Index n) {
  backward(dz, p, n, [](double x) { return std::sqrt(x); });
}

void sparsemax_row_backward(Real* dz, const Real* p, Index n) {
  backward(dz, p, n, [](double x) { return x > 0 ? 1.0 : 0.0; });
}

}  // namespace attn
