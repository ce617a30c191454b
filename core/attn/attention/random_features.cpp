#include "attn/attention/random_features.hpp"

#include <algorithm>
#include <cmath>

#include "attn/math/vector.hpp"

namespace attn {
namespace {

// Gram–Schmidt, twice over, keeping each row's own length: what is left is orthogonal to rounding.
void orthogonalise(Matrix rows) {
  for (Index i = 0; i < rows.rows; ++i) {
    Real* row = &rows(i, 0);
    const Real length = std::sqrt(vec::sum_squares(row, rows.cols));
    for (int pass = 0; pass < 2; ++pass)
      for (Index j = 0; j < i; ++j) {
        const Real* other = &rows(j, 0);
        vec::axpy(-vec::dot(row, other, rows.cols) / vec::sum_squares(other, rows.cols), other, row,
                  rows.cols);
      }
    vec::scale(length / std::sqrt(vec::sum_squares(row, rows.cols)), row, row, rows.cols);
  }
}

}  // namespace

Tensor draw_features(Index count, Index width, bool orthogonal, Rng& rng) {
  Tensor omega(Shape{count, width});
  fill_normal(omega, rng, 1);
  for (Index i = 0; orthogonal && i < count; i += width)
    orthogonalise(Matrix(omega.data.data() + i * width, std::min(width, count - i), width));
  return omega;
}

Index feature_count(FeatureKind kind, Index draws) {
  return kind == FeatureKind::positive ? draws : 2 * draws;
}

// #region feature-map
void feature_map(FeatureKind kind, ConstMatrix omega, const Real* x, Real* out) {
  const Index m = omega.rows;
  const Real half = vec::sum_squares(x, omega.cols) / 2, norm = 1 / std::sqrt(static_cast<Real>(m));
  for (Index i = 0; i < m; ++i) {
    const Real a = vec::dot(&omega(i, 0), x, omega.cols);
    switch (kind) {
      case FeatureKind::trigonometric:
        out[i] = norm * std::exp(half) * std::sin(a), out[m + i] = norm * std::exp(half) * std::cos(a);
        break;
      case FeatureKind::positive: out[i] = norm * std::exp(a - half); break;
      case FeatureKind::hyperbolic:
        out[i] = norm / std::sqrt(Real(2)) * std::exp(a - half),
        out[m + i] = norm / std::sqrt(Real(2)) * std::exp(-a - half);
        break;
    }
  }
}
// #endregion

double feature_error(FeatureKind kind, Index draws, double plus, double minus, double dot) {
  const double m = static_cast<double>(draws), kernel = std::exp(dot);
  if (kind == FeatureKind::trigonometric) {
    const double gap = 1 - std::exp(-minus);
    return std::exp(plus) / (kernel * kernel) * gap * gap / (2 * m);
  }
  const double positive = std::exp(plus) * kernel * kernel * (1 - std::exp(-plus)) / m;
  return kind == FeatureKind::positive ? positive : (1 - std::exp(-plus)) * positive / 2;
}

}  // namespace attn
