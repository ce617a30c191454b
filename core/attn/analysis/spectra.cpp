#include "attn/analysis/spectra.hpp"

#include <cmath>

#include "attn/analysis/folding.hpp"
#include "attn/math/linalg.hpp"

namespace attn {
namespace {

// C diag(w) W: rows of W scaled by the norm's gain, then (LayerNorm) every column centred.
Tensor as_read(const Model& model, int layer, ConstMatrix w) {
  Tensor columns(Shape{w.cols, w.rows});  // Wᵀ: the columns as rows
  for (Index i = 0; i < w.rows; ++i)
    for (Index j = 0; j < w.cols; ++j) columns.view()[j * w.rows + i] = w(i, j);
  const Tensor folded = fold_reader(model, layer, as_matrix(columns.view()));
  Tensor out(Shape{w.rows, w.cols});
  for (Index i = 0; i < w.rows; ++i)
    for (Index j = 0; j < w.cols; ++j) out.view()[i * w.cols + j] = folded.view()[j * w.rows + i];
  return out;
}

Tensor transposed(ConstMatrix m) {
  Tensor out(Shape{m.cols, m.rows});
  for (Index i = 0; i < m.rows; ++i)
    for (Index j = 0; j < m.cols; ++j) out.view()[j * m.rows + i] = m(i, j);
  return out;
}

ConstMatrix matrix(const Tensor& t) { return as_matrix(t.view()); }

}  // namespace

HeadFactors head_factors(const Model& model, int layer, int head) {
  const HeadMatrices w = head_matrices(model, layer, head);
  return {as_read(model, layer, w.query), as_read(model, layer, w.key), as_read(model, layer, w.value),
          transposed(w.output)};
}

Tensor residual_qk(const Model& model, int layer, int head) {
  const HeadFactors w = head_factors(model, layer, head);
  return product(matrix(w.query), matrix(w.key).transposed(), score_scale(model.config));
}

Tensor residual_ov(const Model& model, int layer, int head) {
  const HeadFactors w = head_factors(model, layer, head);
  return product(matrix(w.value), matrix(w.output).transposed());
}

std::vector<Real> qk_singular_values(const Model& model, int layer, int head) {
  const HeadFactors w = head_factors(model, layer, head);
  std::vector<Real> sigma = factored_singular_values(w.query, w.key);
  for (Real& s : sigma) s *= score_scale(model.config);
  return sigma;
}

std::vector<Real> ov_singular_values(const Model& model, int layer, int head) {
  const HeadFactors w = head_factors(model, layer, head);
  return factored_singular_values(w.value, w.output);
}

Real effective_rank(const std::vector<Real>& sigma) {
  double sum = 0, entropy = 0;
  for (Real s : sigma) sum += static_cast<double>(s);
  if (!(sum > 0)) return 0;
  for (Real s : sigma) {
    const double p = static_cast<double>(s) / sum;
    if (p > 0) entropy -= p * std::log(p);
  }
  return static_cast<Real>(std::exp(entropy));
}

Real stable_rank(const std::vector<Real>& sigma) {
  if (sigma.empty() || !(sigma[0] > 0)) return 0;
  double sum = 0;
  for (Real s : sigma) {
    const double ratio = static_cast<double>(s) / static_cast<double>(sigma[0]);
    sum += ratio * ratio;
  }
  return static_cast<Real>(sum);
}

Real qk_symmetry(const Model& model, int layer, int head) {
  const HeadFactors w = head_factors(model, layer, head);
  // W = Q Kᵀ, so tr(W W) = tr((Kᵀ Q)²)
  const Tensor inner = product(matrix(w.key).transposed(), matrix(w.query));  // [d, d]
  const Index d = inner.shape[0];
  double trace = 0, squares = 0;
  for (Index i = 0; i < d; ++i)
    for (Index j = 0; j < d; ++j)
      trace += static_cast<double>(inner.view()[i * d + j]) * static_cast<double>(inner.view()[j * d + i]);
  for (Real s : factored_singular_values(w.query, w.key))
    squares += static_cast<double>(s) * static_cast<double>(s);
  return squares > 0 ? static_cast<Real>(trace / squares) : Real(0);
}

}  // namespace attn
