#include "attn/analysis/erasure.hpp"

#include <algorithm>
#include <cmath>

#include "attn/math/symmetric.hpp"

namespace attn {
namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

// Below this share of the largest, a variance is rounding.
constexpr double smallest = 1e-9;

// Row-major [rows, cols] of doubles: inverses of variances want the digits.
struct Table {
  Index rows = 0, cols = 0;
  std::vector<double> data;
  Table(Index r, Index c) : rows(r), cols(c), data(at(r * c)) {}
  double* row(Index i) { return data.data() + i * cols; }
  const double* row(Index i) const { return data.data() + i * cols; }
};

// aᵀ b · factor for a: [N, D], b: [N, C]
Table product_of_columns(const Table& a, const Table& b, double factor) {
  Table out(a.cols, b.cols);
  for (Index n = 0; n < a.rows; ++n)
    for (Index i = 0; i < a.cols; ++i) {
      const double x = a.row(n)[i] * factor;
      for (Index j = 0; j < b.cols; ++j) out.row(i)[j] += x * b.row(n)[j];
    }
  return out;
}

Table transposed(const Table& a) {
  Table out(a.cols, a.rows);
  for (Index i = 0; i < a.rows; ++i)
    for (Index j = 0; j < a.cols; ++j) out.row(j)[i] = a.row(i)[j];
  return out;
}

Table product(const Table& a, const Table& b) { return product_of_columns(transposed(a), b, 1); }

// Column means go; they are returned.
std::vector<double> centre(Table& x) {
  std::vector<double> mean(at(x.cols));
  for (Index n = 0; n < x.rows; ++n)
    for (Index i = 0; i < x.cols; ++i) mean[at(i)] += x.row(n)[i] / static_cast<double>(x.rows);
  for (Index n = 0; n < x.rows; ++n)
    for (Index i = 0; i < x.cols; ++i) x.row(n)[i] -= mean[at(i)];
  return mean;
}

SymmetricEigen parts_of(const Table& a) { return symmetric_eigen(a.data, static_cast<int>(a.rows)); }
Index count_above(const std::vector<double>& values) {
  return std::count_if(values.begin(), values.end(),
                       [&](double v) { return v > std::max(1e-12, smallest * values[0]); });
}

// Σ_r f(λ_r) v_r v_rᵀ over the first `rank` parts.
template <class F>
Table assembled(const SymmetricEigen& parts, Index n, Index rank, F&& f) {
  Table out(n, n);
  for (Index r = 0; r < rank; ++r)
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < n; ++j)
        out.row(i)[j] += f(parts.values[at(r)]) * parts.vectors[at(i * n + r)] * parts.vectors[at(j * n + r)];
  return out;
}

struct Whitening {
  std::vector<double> mean;  // D
  Table centred;             // [N, D]
  Table white, back;         // [D, D]: Σ^(-1/2) and Σ^(1/2) of the covariance Σ, where it is not zero
};

Whitening whitening(ConstView x) {
  Whitening w{{}, Table(x.shape[0], x.shape[1]), Table(0, 0), Table(0, 0)};
  std::copy(x.begin(), x.end(), w.centred.data.begin());
  w.mean = centre(w.centred);
  const SymmetricEigen parts =
      parts_of(product_of_columns(w.centred, w.centred, 1 / static_cast<double>(x.shape[0])));
  const Index D = x.shape[1], rank = count_above(parts.values);
  w.white = assembled(parts, D, rank, [](double v) { return 1 / std::sqrt(v); });
  w.back = assembled(parts, D, rank, [](double v) { return std::sqrt(v); });
  return w;
}

// What goes: the span of the columns of `white` [D, C], directions where x is white, seen from outside.
Eraser eraser(const Whitening& w, const Table& white) {
  const Table across = transposed(white);
  const SymmetricEigen parts = parts_of(product_of_columns(across, across, 1));
  const Index D = white.rows, rank = std::min(count_above(parts.values), white.cols);
  const Table onto = assembled(parts, D, rank, [](double) { return 1.0; });
  const Table removes = product(product(w.white, onto), w.back);
  Eraser out{{w.mean.begin(), w.mean.end()}, Tensor(Shape{D, D}), rank};
  std::transform(removes.data.begin(), removes.data.end(), out.removes.data.begin(),
                 [](double v) { return static_cast<Real>(v); });
  return out;
}

}  // namespace

// #region erase-labels
Eraser erase_labels(ConstView x, const std::vector<Index>& labels, Index classes) {
  if (x.shape.rank() != 2 || x.shape[0] != static_cast<Index>(labels.size()) || labels.empty())
    throw ShapeError("erasing needs [N, D] and N labels, got " + to_string(x.shape) + " and " +
                     std::to_string(labels.size()));
  Table z(x.shape[0], classes);  // one row per example, 1 at its class
  for (Index n = 0; n < x.shape[0]; ++n) {
    if (labels[at(n)] < 0 || labels[at(n)] >= classes)
      throw ShapeError("label " + std::to_string(labels[at(n)]) + " of " + std::to_string(classes));
    z.row(n)[labels[at(n)]] = 1;
  }
  centre(z);
  const Whitening w = whitening(x);
  // What of x goes with a label, where x is white: the columns of Σ_xx^(-1/2) Σ_xz.
  return eraser(w, product(w.white, product_of_columns(w.centred, z, 1 / static_cast<double>(x.shape[0]))));
}
// #endregion

Eraser erase_at_random(ConstView x, Index rank, Rng& rng) {
  const Whitening w = whitening(x);
  Table directions(x.shape[1], std::min(rank, x.shape[1]));
  for (double& v : directions.data) v = rng.normal();
  // Within what x spans: the whitening knows no other directions.
  return eraser(w, product(product(w.white, w.back), directions));
}

void erase(const Eraser& eraser, View x) {
  const Index D = eraser.removes.shape[0];
  if (x.shape[-1] != D)
    throw ShapeError("the eraser is for rows of " + std::to_string(D) + ", got " + to_string(x.shape));
  std::vector<Real> out(at(D));
  for (Index n = 0; n < x.shape.size() / D; ++n) {
    Real* row = x.data + n * D;
    std::copy_n(row, D, out.begin());
    for (Index i = 0; i < D; ++i)
      for (Index j = 0; j < D; ++j)
        out[at(j)] -= (row[i] - eraser.mean[at(i)]) * eraser.removes.data[at(i * D + j)];
    std::copy(out.begin(), out.end(), row);
  }
}

}  // namespace attn
