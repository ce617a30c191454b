#include "attn/train/muon.hpp"

#include <algorithm>
#include <cmath>

#include "attn/math/vector.hpp"

namespace attn {

namespace {

// [D, H, d] and [H, d, D] as the matrices that multiply: [D, H·d] and [H·d, D].
Matrix fold(Real* data, const ParameterInfo& info) {
  const Shape& s = info.shape;
  const bool heads_first =
      s.rank() == 3 && info.name.size() >= 3 && info.name.compare(info.name.size() - 3, 3, "W_O") == 0;
  const Index rows = heads_first ? s[0] * s[1] : s[0];
  return {data, rows, s.size() / rows};
}

}  // namespace

// #region newton-schulz
void orthogonalise(Matrix x, Index iterations, std::vector<Real>& work) {
  const Real a = Real(3.4445), b = Real(-4.7750), c = Real(2.0315);
  const Index size = x.rows * x.cols, n = std::min(x.rows, x.cols);
  work.resize(static_cast<std::size_t>(2 * n * n + size));
  const Matrix gram(work.data(), n, n), poly(work.data() + n * n, n, n);
  const bool wide = x.rows <= x.cols;
  const Matrix update(work.data() + 2 * n * n, x.rows, x.cols);

  // 1. singular values at most 1
  const Real norm = std::sqrt(vec::sum_squares(x.data, size));
  if (norm == 0) return;
  vec::scale(1 / norm, x.data, x.data, size);
  for (Index i = 0; i < iterations; ++i) {
    // 2. A = X Xᵀ, on the shorter side: [n, n]
    wide ? matmul(gram, x, x.transposed()) : matmul(gram, x.transposed(), x);
    // 3. P = bA + cA²
    matmul(poly, gram, gram, Store::overwrite, c);
    vec::axpy(b, gram.data, poly.data, n * n);
    // 4. X <- aX + PX
    wide ? matmul(update, poly, x) : matmul(update, x, poly);
    for (Index k = 0; k < size; ++k) x.data[k] = a * x.data[k] + update.data[k];
  }
}
// #endregion newton-schulz

bool muon_updates(const ParameterInfo& info) {
  return info.decay && info.shape.rank() >= 2 && info.name.compare(0, 7, "blocks.") == 0;
}

void muon_update(Parameters& parameters, const ParameterInfo& info, ConstView gradients, AdamWState& state,
                 const MuonConfig& config, Real weight_decay, Real learning_rate, std::vector<Real>& work) {
  const Index size = info.shape.size();
  const Real mu = config.momentum;
  Real* w = parameters.flat().data + info.offset;
  Real* m = state.m.data() + info.offset;
  const Real* g = gradients.data + info.offset;
  std::vector<Real> step(static_cast<std::size_t>(size));
  for (Index i = 0; i < size; ++i) {
    m[i] = mu * m[i] + (1 - mu) * g[i];
    step[static_cast<std::size_t>(i)] = mu * m[i] + (1 - mu) * g[i];  // Nesterov: one step ahead
  }
  const Matrix x = fold(step.data(), info);
  orthogonalise(x, config.iterations, work);
  const Real scale = learning_rate * Real(0.2) * std::sqrt(static_cast<Real>(std::max(x.rows, x.cols)));
  const Real keep = 1 - learning_rate * weight_decay;
  for (Index i = 0; i < size; ++i) w[i] = keep * w[i] - scale * x.data[i];
}

}  // namespace attn
