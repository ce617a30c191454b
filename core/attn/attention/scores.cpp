#include "attn/attention/scores.hpp"

namespace attn {

// #region qk-scores
void qk_scores(Matrix s, ConstMatrix q, ConstMatrix k, Real scale) {
  matmul(s, q, k.transposed(), Store::overwrite, scale);  // [T, d] · [d, S] -> [T, S]
}
// #endregion qk-scores

void qk_scores_backward(Matrix dq, Store dq_store, Matrix dk, Store dk_store, ConstMatrix ds, ConstMatrix q,
                        ConstMatrix k, Real scale) {
  // forward: S = scale · Q Kᵀ
  if (dq.data) matmul(dq, ds, k, dq_store, scale);               // dQ = scale · dS K
  if (dk.data) matmul(dk, ds.transposed(), q, dk_store, scale);  // dK = scale · dSᵀ Q
}

}  // namespace attn
