#include "attn/math/symmetric.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace attn {
namespace {

constexpr int most_sweeps = 50;  // convergence is quadratic: ten do

std::size_t at(int n, int i, int j) {
  return static_cast<std::size_t>(i) * static_cast<std::size_t>(n) + static_cast<std::size_t>(j);
}

double off_diagonal(const std::vector<double>& a, int n) {
  double sum = 0;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      if (i != j) sum += a[at(n, i, j)] * a[at(n, i, j)];
  return sum;
}

// Turns rows and columns p and q of a, and columns p and q of v, so that a[p, q] vanishes.
void rotate(std::vector<double>& a, std::vector<double>& v, int n, int p, int q) {
  const double apq = a[at(n, p, q)];
  if (apq == 0) return;
  const double tau = (a[at(n, q, q)] - a[at(n, p, p)]) / (2 * apq);
  const double t = (tau >= 0 ? 1 : -1) / (std::fabs(tau) + std::sqrt(1 + tau * tau));
  const double c = 1 / std::sqrt(1 + t * t), s = t * c;
  const auto turn = [c, s](double& x, double& y) {
    const double old = x;
    x = c * old - s * y;
    y = s * old + c * y;
  };
  for (int k = 0; k < n; ++k) turn(a[at(n, k, p)], a[at(n, k, q)]);
  for (int k = 0; k < n; ++k) turn(a[at(n, p, k)], a[at(n, q, k)]);
  for (int k = 0; k < n; ++k) turn(v[at(n, k, p)], v[at(n, k, q)]);
}

}  // namespace

SymmetricEigen symmetric_eigen(std::vector<double> a, int n) {
  std::vector<double> v(a.size());
  for (int i = 0; i < n; ++i) v[at(n, i, i)] = 1;
  double whole = off_diagonal(a, n);
  for (int i = 0; i < n; ++i) whole += a[at(n, i, i)] * a[at(n, i, i)];
  for (int sweep = 0; sweep < most_sweeps && off_diagonal(a, n) > 1e-28 * whole; ++sweep)
    for (int p = 0; p + 1 < n; ++p)
      for (int q = p + 1; q < n; ++q) rotate(a, v, n, p, q);

  std::vector<int> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int i, int j) { return a[at(n, i, i)] > a[at(n, j, j)]; });
  SymmetricEigen out{{}, std::vector<double>(v.size())};
  for (int r = 0; r < n; ++r) {
    const int from = order[static_cast<std::size_t>(r)];
    out.values.push_back(a[at(n, from, from)]);
    for (int k = 0; k < n; ++k) out.vectors[at(n, k, r)] = v[at(n, k, from)];
  }
  return out;
}

}  // namespace attn
