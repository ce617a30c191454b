#include "attn/math/eigenvalues.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn::detail {

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

// A square matrix being reduced in place; rows and columns are those of Golub & Van Loan, "Matrix
// Computations", 4th ed.
struct Work {
  std::vector<double>& a;
  int n;
  double& operator()(int i, int j) {
    return a[static_cast<std::size_t>(i) * static_cast<std::size_t>(n) + static_cast<std::size_t>(j)];
  }
};

// P = I - beta v v^T with P x = alpha e_1 (Algorithm 5.1.1); v has `count` <= n entries. False: x is 0
// already.
bool householder(double* v, int count, double& beta, double& alpha) {
  double scale = 0, norm = 0;
  for (int i = 0; i < count; ++i) scale = std::max(scale, std::fabs(v[i]));
  if (scale == 0) return false;
  for (int i = 0; i < count; ++i) norm += (v[i] / scale) * (v[i] / scale);
  alpha = -std::copysign(scale * std::sqrt(norm), v[0]);
  v[0] -= alpha;
  double squares = 0;
  for (int i = 0; i < count; ++i) squares += (v[i] / scale) * (v[i] / scale);
  if (squares == 0) return false;
  beta = 2 / squares / scale / scale;
  return true;
}

// H <- P H on rows first..first+count-1, columns from `left` on.
void reflect_rows(Work& h, const double* v, int count, double beta, int first, int left) {
  for (int j = left; j < h.n; ++j) {
    double dot = 0;
    for (int i = 0; i < count; ++i) dot += v[i] * h(first + i, j);
    for (int i = 0; i < count; ++i) h(first + i, j) -= beta * dot * v[i];
  }
}

// H <- H P on columns first..first+count-1, rows up to `bottom`.
void reflect_columns(Work& h, const double* v, int count, double beta, int first, int bottom) {
  for (int i = 0; i <= bottom; ++i) {
    double dot = 0;
    for (int j = 0; j < count; ++j) dot += h(i, first + j) * v[j];
    for (int j = 0; j < count; ++j) h(i, first + j) -= beta * dot * v[j];
  }
}

// Upper Hessenberg form by reflections (Algorithm 7.4.2); the same eigenvalues.
void to_hessenberg(Work& h) {
  std::vector<double> v(static_cast<std::size_t>(h.n));
  for (int k = 0; k + 2 < h.n; ++k) {
    const int count = h.n - k - 1;
    double beta = 0, alpha = 0;
    for (int i = 0; i < count; ++i) v[static_cast<std::size_t>(i)] = h(k + 1 + i, k);
    if (!householder(v.data(), count, beta, alpha)) continue;
    reflect_rows(h, v.data(), count, beta, k + 1, k);
    reflect_columns(h, v.data(), count, beta, k + 1, h.n - 1);
    for (int i = k + 2; i < h.n; ++i) h(i, k) = 0;
  }
}

// Eigenvalues of [[a, b], [c, d]], without the cancellation of the textbook formula.
void two_by_two(double a, double b, double c, double d, std::vector<std::complex<double>>& out) {
  const double p = (a - d) / 2, q = p * p + b * c;
  if (q < 0) {
    out.emplace_back(d + p, std::sqrt(-q));
    out.emplace_back(d + p, -std::sqrt(-q));
    return;
  }
  const double z = p + std::copysign(std::sqrt(q), p);
  out.emplace_back(d + z, 0.0);
  out.emplace_back(z != 0 ? d - b * c / z : d, 0.0);
}

// One implicit double-shift step on rows and columns low..high (Francis 1961; Algorithm 7.5.1): the
// shifts are the eigenvalues of the trailing block, given by their sum and product.
void francis_step(Work& h, int low, int high, double sum, double product) {
  double v[3] = {h(low, low) * h(low, low) + h(low, low + 1) * h(low + 1, low) - sum * h(low, low) + product,
                 h(low + 1, low) * (h(low, low) + h(low + 1, low + 1) - sum),
                 h(low + 1, low) * h(low + 2, low + 1)};
  for (int k = low; k < high; ++k) {
    const int count = std::min(3, high - k + 1);
    double beta = 0, alpha = 0;
    if (householder(v, count, beta, alpha)) {
      reflect_rows(h, v, count, beta, k, std::max(low, k - 1));
      reflect_columns(h, v, count, beta, k, std::min(high, k + 3));
      if (k > low)
        for (int i = 1; i < count; ++i) h(k + i, k - 1) = 0;
    }
    for (int i = 0; i < 3 && k + 1 + i <= high; ++i) v[i] = h(k + 1 + i, k);
  }
}

// First row of the last unreduced block that ends at `high`: subdiagonals below rounding become zero.
int block_start(Work& h, int high) {
  for (int l = high; l > 0; --l) {
    double around = std::fabs(h(l - 1, l - 1)) + std::fabs(h(l, l));
    if (around == 0) around = 1;
    if (std::fabs(h(l, l - 1)) <= epsilon * around) {
      h(l, l - 1) = 0;
      return l;
    }
  }
  return 0;
}

}  // namespace

std::vector<std::complex<double>> qr_eigenvalues(std::vector<double>& a, int n) {
  Work h{a, n};
  to_hessenberg(h);
  std::vector<std::complex<double>> values;
  int high = n - 1, tries = 0;
  while (high >= 0) {
    const int low = block_start(h, high);
    if (low == high) {
      values.emplace_back(h(high, high), 0.0);
      high -= 1, tries = 0;
    } else if (low == high - 1) {
      two_by_two(h(low, low), h(low, high), h(high, low), h(high, high), values);
      high -= 2, tries = 0;
    } else {
      if (++tries > 60) return {};
      double sum = h(high - 1, high - 1) + h(high, high);
      double product = h(high - 1, high - 1) * h(high, high) - h(high - 1, high) * h(high, high - 1);
      if (tries % 10 == 0) {  // an exceptional shift breaks a cycle (Wilkinson's choice, as in EISPACK hqr)
        const double s = std::fabs(h(high, high - 1)) + std::fabs(h(high - 1, high - 2));
        sum = 1.5 * s;
        product = s * s;
      }
      francis_step(h, low, high, sum, product);
    }
  }
  return values;
}

}  // namespace attn::detail
