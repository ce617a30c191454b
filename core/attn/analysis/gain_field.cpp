#include "attn/analysis/gain_field.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "attn/math/softmax.hpp"

namespace attn {
namespace {

double pooled(const std::vector<double>& excited, Index at, double pool) {
  const Index n = static_cast<Index>(excited.size());
  double sum = 0;
  for (Index l = 0; l < n; ++l) {
    const double d = static_cast<double>(std::min((at - l + n) % n, (l - at + n) % n)) / pool;
    sum += std::exp(-d * d / 2) * excited[static_cast<std::size_t>(l)];
  }
  return sum;
}

double share(double part, double whole) { return whole > 0 ? part / whole : 0; }

}  // namespace

Tensor gain_field(ConstView drive, ConstView gain, Real sigma, Real pool) {
  const Index M = drive.shape[0], N = drive.shape[1];
  expect_shape("gain", gain.shape, {N});
  Tensor out(Shape{4, M, N});
  const Real none = -std::numeric_limits<Real>::infinity();
  std::vector<double> excited(static_cast<std::size_t>(N));
  for (Index m = 0; m < M; ++m) {
    const auto row = [&](Index kind) { return out.data.data() + (kind * M + m) * N; };
    double all = 0;
    // #region gain-field
    for (Index j = 0; j < N; ++j) {
      const Real e = drive[m * N + j], a = gain[j];
      row(0)[j] = row(1)[j] = e > 0 && a > 0 ? std::log(e) + std::log(a) : none;  // the gain is a bias
      all += excited[static_cast<std::size_t>(j)] = double(a) * double(e);
    }
    softmax_row(row(0), N);
    softmax_row(row(1), N, sigma > 0 ? std::log(sigma) : none);  // and σ is a sink
    for (Index j = 0; j < N; ++j) {
      const double own = excited[static_cast<std::size_t>(j)];
      row(2)[j] = Real(share(own, double(sigma) + all));
      row(3)[j] = Real(share(own, double(sigma) + pooled(excited, j, double(pool))));
    }
    // #endregion
  }
  return out;
}

}  // namespace attn
