#include "attn/attention/scores.hpp"

namespace attn {

// #region qk-scores
void qk_scores(Matrix s, ConstMatrix q, ConstMatrix k, Real scale, Causal causal) {
  // [T, d] · [d, S] -> [T, S]
  matmul(s, q, k.transposed(), Store::overwrite, scale, causal.zeros(Triangle::Of::c));
}
// #endregion qk-scores

void qk_scores_backward(Matrix dq, Store dq_store, Matrix dk, Store dk_store, ConstMatrix ds, ConstMatrix q,
                        ConstMatrix k, Real scale, Causal causal) {
  // forward: S = scale · Q Kᵀ
  if (dq.data) matmul(dq, ds, k, dq_store, scale, causal.zeros(Triangle::Of::a));  // dQ = scale · dS K
  if (dk.data)                                                                     // dK = scale · dSᵀ Q
    matmul(dk, ds.transposed(), q, dk_store, scale, causal.zeros(Triangle::Of::a_transposed));
}

}  // namespace attn
