#include "attn/analysis/correlation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "attn/base/error.hpp"

namespace attn {
namespace {

double mean(const std::vector<Real>& x) {
  double sum = 0;
  for (Real v : x) sum += static_cast<double>(v);
  return sum / static_cast<double>(x.size());
}

}  // namespace

Real pearson(const std::vector<Real>& x, const std::vector<Real>& y) {
  if (x.size() != y.size())
    throw ShapeError("a correlation of " + std::to_string(x.size()) + " numbers with " +
                     std::to_string(y.size()));
  if (x.size() < 2) return std::numeric_limits<Real>::quiet_NaN();
  const double mx = mean(x), my = mean(y);
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double a = static_cast<double>(x[i]) - mx, b = static_cast<double>(y[i]) - my;
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  if (xx == 0 || yy == 0) return std::numeric_limits<Real>::quiet_NaN();
  return static_cast<Real>(xy / std::sqrt(xx) / std::sqrt(yy));
}

std::vector<Real> ranks(const std::vector<Real>& x) {
  std::vector<std::size_t> order(x.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  // NaN stands behind all numbers: left unordered it would lead the sort astray.
  std::sort(order.begin(), order.end(), [&x](std::size_t a, std::size_t b) {
    return x[a] < x[b] || (!std::isnan(x[a]) && std::isnan(x[b]));
  });
  std::vector<Real> out(x.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;  // the run of equal values that starts here
    while (last + 1 < order.size() && x[order[last + 1]] == x[order[first]]) ++last;
    const Real shared = static_cast<Real>(static_cast<double>(first + last) / 2 + 1);
    for (std::size_t i = first; i <= last; ++i)
      out[order[i]] = std::isnan(x[order[i]]) ? x[order[i]] : shared;
    first = last + 1;
  }
  return out;
}

Real spearman(const std::vector<Real>& x, const std::vector<Real>& y) { return pearson(ranks(x), ranks(y)); }

double kendall(const double* x, const double* y, std::size_t n) {
  const auto sign = [](double d) { return d > 0 ? 1 : d < 0 ? -1 : 0; };
  double alike = 0, by_x = 0, by_y = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const int a = sign(x[i] - x[j]), b = sign(y[i] - y[j]);
      alike += a * b, by_x += a * a, by_y += b * b;
    }
  if (by_x == 0 || by_y == 0) return std::numeric_limits<double>::quiet_NaN();
  return alike / std::sqrt(by_x * by_y);
}

}  // namespace attn
