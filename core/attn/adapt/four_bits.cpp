#include "attn/adapt/four_bits.hpp"

#include <algorithm>
#include <cmath>

namespace attn {
namespace {

constexpr Index scales_block = 256;

double normal_cdf(double x) { return std::erfc(-x * 0.70710678118654752440) / 2; }

// Φ⁻¹ by halving: Φ is monotone, and this runs fifteen times.
double normal_quantile(double p) {
  double low = -9, high = 9;
  for (int i = 0; i < 80; ++i) (normal_cdf((low + high) / 2) < p ? low : high) = (low + high) / 2;
  return (low + high) / 2;
}

// #region nf4
// Eight positive quantiles and seven negative ones, evenly spaced in probability from 1/2 to `last`, and
// zero; divided by the largest. `last` is halfway between the middles of the last of 16 and of 15 even bins,
// so that neither side asks for the quantile of 1.
std::vector<Real> normal_levels() {
  const double last = 1 - 0.5 * (1.0 / 32 + 1.0 / 30), top = normal_quantile(last);
  std::vector<Real> out{0};
  for (int i = 1; i <= 8; ++i)
    out.push_back(static_cast<Real>(normal_quantile(0.5 + (last - 0.5) * i / 8) / top));
  for (int i = 1; i <= 7; ++i)
    out.push_back(static_cast<Real>(-normal_quantile(0.5 + (last - 0.5) * i / 7) / top));
  std::sort(out.begin(), out.end());
  return out;
}
// #endregion

Real largest(const Real* x, Index n) {
  Real most = 0;
  for (Index i = 0; i < n; ++i) most = std::max(most, std::fabs(x[i]));
  return most;
}

// The scales as eight-bit numbers around their mean.
void quantise_scales(std::vector<Real>& scales) {
  double mean = 0;
  for (const Real c : scales) mean += static_cast<double>(c);
  mean /= static_cast<double>(scales.size());
  for (std::size_t from = 0; from < scales.size(); from += static_cast<std::size_t>(scales_block)) {
    const std::size_t to = std::min(scales.size(), from + static_cast<std::size_t>(scales_block));
    double most = 0;
    for (std::size_t i = from; i < to; ++i)
      most = std::max(most, std::fabs(static_cast<double>(scales[i]) - mean));
    for (std::size_t i = from; i < to && most > 0; ++i)
      scales[i] = static_cast<Real>(mean + std::round((static_cast<double>(scales[i]) - mean) / most * 127) /
                                               127 * most);
  }
}

}  // namespace

std::vector<Real> levels(FourBits code) {
  if (code == FourBits::normal_float) return normal_levels();
  std::vector<Real> positive;
  if (code == FourBits::integer)
    for (int i = 1; i <= 7; ++i) positive.push_back(static_cast<Real>(i / 7.0));
  else
    for (const double x : {0.0625, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0})
      positive.push_back(static_cast<Real>(x / 12));
  std::vector<Real> out{0};
  for (const Real x : positive) out.push_back(x), out.push_back(-x);
  std::sort(out.begin(), out.end());
  return out;
}

double Quantised::relative_error() const { return squares > 0 ? std::sqrt(squared_error / squares) : 0; }

double Quantised::entropy() const {
  double total = 0, bits = 0;
  for (const Index n : used) total += static_cast<double>(n);
  for (const Index n : used)
    if (n > 0) bits -= static_cast<double>(n) / total * std::log2(static_cast<double>(n) / total);
  return bits;
}

// #region quantise
Quantised quantise(const Real* weights, Index n, FourBits code, Index block, bool double_scales) {
  if (block < 1) throw ShapeError("a block of weights holds at least one");
  const std::vector<Real> level = levels(code);
  std::vector<Real> scales;
  for (Index from = 0; from < n; from += block)
    scales.push_back(largest(weights + from, std::min(block, n - from)));  // c = max|w| of the block
  if (double_scales && !scales.empty()) quantise_scales(scales);

  Quantised out;
  out.blocks = static_cast<Index>(scales.size());
  out.values.reserve(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) {
    const Real c = scales[static_cast<std::size_t>(i / block)], x = c > 0 ? weights[i] / c : 0;
    const auto above = std::lower_bound(level.begin(), level.end(), x);  // nearest level of the table
    auto at = above == level.end() ? level.end() - 1 : above;
    if (at != level.begin() && x - *(at - 1) <= *at - x) --at;
    ++out.used[static_cast<std::size_t>(at - level.begin())];
    out.values.push_back(c * *at);
    const double w = static_cast<double>(weights[i]), error = w - static_cast<double>(out.values.back());
    out.squared_error += error * error, out.squares += w * w;
  }
  return out;
}
// #endregion

double bits_per_weight(Index block, bool double_scales) {
  const auto b = static_cast<double>(block);
  return 4 + (double_scales ? 8 / b + 32 / (b * static_cast<double>(scales_block)) : 32 / b);
}

}  // namespace attn
