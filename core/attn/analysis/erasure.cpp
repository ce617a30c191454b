#include "attn/analysis/erasure.hpp"

#include <algorithm>
#include <cmath>

#include "attn/math/linalg.hpp"
#include "attn/math/matmul.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

// Below this share of the largest, a singular value is rounding.
constexpr double smallest = 1e-5;

struct Whitening {
  std::vector<Real> mean;  // D
  Tensor centred;          // [N, D]
  Tensor white, back;  // [D, D]: Σ^(-1/2) and Σ^(1/2) of Σ = centredᵀ centred / N, where Σ is not zero
};

Tensor product(const Tensor& a, const Tensor& b) {
  Tensor out(Shape{a.shape[0], b.shape[1]});
  matmul(as_matrix(out.view()), as_matrix(a.view()), as_matrix(b.view()));
  return out;
}

// aᵀ b / N for a: [N, D], b: [N, C]
Tensor covariance(const Tensor& a, const Tensor& b) {
  Tensor out(Shape{a.shape[1], b.shape[1]});
  matmul(as_matrix(out.view()), as_matrix(a.view()).transposed(), as_matrix(b.view()), Store::overwrite,
         1 / static_cast<Real>(a.shape[0]));
  return out;
}

// Column means go; they are returned.
std::vector<Real> centre(Tensor& x) {
  const Index N = x.shape[0], D = x.shape[1];
  std::vector<Real> mean(at(D));
  for (Index n = 0; n < N; ++n) vec::axpy(1 / static_cast<Real>(N), x.data.data() + n * D, mean.data(), D);
  for (Index n = 0; n < N; ++n) vec::axpy(-1, mean.data(), x.data.data() + n * D, D);
  return mean;
}

Whitening whitening(ConstView x) {
  Whitening out;
  out.centred = Tensor(x.shape, std::vector<Real>(x.begin(), x.end()));
  out.mean = centre(out.centred);
  const Svd parts = svd(covariance(out.centred, out.centred).view());  // symmetric: U Σ Uᵀ
  const Index D = x.shape[1], R = parts.u.shape[1];
  out.white = out.back = Tensor(Shape{D, D});
  for (Index r = 0; r < R; ++r) {
    const double value = static_cast<double>(parts.sigma[at(r)]);
    if (!(value > smallest * static_cast<double>(parts.sigma[0]))) break;
    const Real root = static_cast<Real>(std::sqrt(value));
    for (Index i = 0; i < D; ++i)
      for (Index j = 0; j < D; ++j) {
        const Real uu = parts.u.data[at(i * R + r)] * parts.u.data[at(j * R + r)];
        out.white.data[at(i * D + j)] += uu / root;
        out.back.data[at(i * D + j)] += uu * root;
      }
  }
  return out;
}

// The projection on the first `rank` columns of `basis` [D, R], orthonormal, seen from outside the whitening.
Eraser eraser(Whitening&& w, const Tensor& basis, Index rank) {
  const Index D = basis.shape[0], R = basis.shape[1];
  Tensor onto(Shape{D, D});
  for (Index r = 0; r < rank; ++r)
    for (Index i = 0; i < D; ++i)
      for (Index j = 0; j < D; ++j)
        onto.data[at(i * D + j)] += basis.data[at(i * R + r)] * basis.data[at(j * R + r)];
  return {std::move(w.mean), product(product(w.white, onto), w.back), rank};
}

Index count_above(const std::vector<Real>& sigma) {
  return std::count_if(sigma.begin(), sigma.end(), [&](Real s) {
    return static_cast<double>(s) > std::max(1e-6, smallest * static_cast<double>(sigma[0]));
  });
}

}  // namespace

// #region erase-labels
Eraser erase_labels(ConstView x, const std::vector<Index>& labels, Index classes) {
  if (x.shape.rank() != 2 || x.shape[0] != static_cast<Index>(labels.size()) || labels.empty())
    throw ShapeError("erasing needs [N, D] and N labels, got " + to_string(x.shape) + " and " +
                     std::to_string(labels.size()));
  Tensor z(Shape{x.shape[0], classes});  // one row per example, 1 at its class
  for (Index n = 0; n < x.shape[0]; ++n) {
    if (labels[at(n)] < 0 || labels[at(n)] >= classes)
      throw ShapeError("label " + std::to_string(labels[at(n)]) + " of " + std::to_string(classes));
    z.data[at(n * classes + labels[at(n)])] = 1;
  }
  centre(z);
  Whitening w = whitening(x);
  // What of x is correlated with a label, where x is white: the columns of Σ_xx^(-1/2) Σ_xz.
  const Svd found = svd(product(w.white, covariance(w.centred, z)).view());
  return eraser(std::move(w), found.u, count_above(found.sigma));
}
// #endregion

Eraser erase_at_random(ConstView x, Index rank, Rng& rng) {
  const Index D = x.shape[1];
  Whitening w = whitening(x);
  Tensor directions(Shape{D, std::min(rank, D)});
  fill_normal(directions.view(), rng, 1);
  // Within what x spans: the whitening knows no other directions.
  const Svd found = svd(product(product(w.white, w.back), directions).view());
  return eraser(std::move(w), found.u, count_above(found.sigma));
}

void erase(const Eraser& eraser, View x) {
  const Index D = eraser.removes.shape[0];
  if (x.shape[-1] != D)
    throw ShapeError("the eraser is for rows of " + std::to_string(D) + ", got " + to_string(x.shape));
  std::vector<Real> centred(at(D)), part(at(D));
  for (Index n = 0; n < x.shape.size() / D; ++n) {
    Real* row = x.data + n * D;
    for (Index i = 0; i < D; ++i) centred[at(i)] = row[i] - eraser.mean[at(i)];
    matmul(Matrix(part.data(), 1, D), ConstMatrix(centred.data(), 1, D), as_matrix(eraser.removes.view()));
    vec::axpy(-1, part.data(), row, D);
  }
}

}  // namespace attn
