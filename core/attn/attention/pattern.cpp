#include "attn/attention/pattern.hpp"

#include "attn/math/softmax.hpp"
#include "attn/math/vector.hpp"

namespace attn {

// #region masked-softmax
void masked_softmax(Matrix p, ConstMatrix s, const KeyMask& mask, Index b, Real null) {
  for (Index i = 0; i < p.rows; ++i) {
    const KeyRange seen = mask.row(b, i, p.cols);
    Real* weights = p.data + i * p.row_stride;
    const Real* scores = s.data + i * s.row_stride;
    vec::fill(0, weights, seen.begin);
    if (weights != scores) vec::copy(scores + seen.begin, weights + seen.begin, seen.end - seen.begin);
    softmax_row(weights + seen.begin, seen.end - seen.begin, null);
    vec::fill(0, weights + seen.end, p.cols - seen.end);  // the future weighs exactly nothing
  }
}
// #endregion masked-softmax

// #region softmax-backward
void masked_softmax_backward(Matrix ds, ConstMatrix p, const KeyMask& mask, Index b) {
  // forward, a row: P = softmax(S), so ∂P_j/∂S_k = P_j (δ_jk - P_k)
  for (Index i = 0; i < ds.rows; ++i) {
    const KeyRange seen = mask.row(b, i, ds.cols);
    Real* row = ds.data + i * ds.row_stride;  // dP on entry, dS on return
    const Real* weights = p.data + i * p.row_stride;
    const Index n = seen.end - seen.begin;
    const Real mean = vec::dot(weights + seen.begin, row + seen.begin, n);  // Σ_k P_k dP_k
    vec::fill(0, row, seen.begin);
    for (Index j = seen.begin; j < seen.end; ++j) row[j] = weights[j] * (row[j] - mean);
    vec::fill(0, row + seen.end, ds.cols - seen.end);
  }
}
// #endregion softmax-backward

// #region null-score-backward
Real null_score_backward(ConstMatrix dp, ConstMatrix p) {
  // The null score is one more key of weight P_0 = 1 - Σ_j P_j and of value 0, so dP_0 = 0 and
  // dS_0 = P_0 (0 - Σ_k P_k dP_k).
  Real sum = 0;
  for (Index i = 0; i < p.rows; ++i) {
    const Real* weights = p.data + i * p.row_stride;
    sum -= (1 - vec::sum(weights, p.cols)) * vec::dot(weights, dp.data + i * dp.row_stride, p.cols);
  }
  return sum;
}
// #endregion null-score-backward

}  // namespace attn
