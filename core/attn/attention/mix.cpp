#include "attn/attention/mix.hpp"

namespace attn {

// #region mix
void mix(Matrix z, ConstMatrix p, ConstMatrix v, Causal causal) {
  matmul(z, p, v, Store::overwrite, 1, causal.zeros(Triangle::Of::a));  // [T, S] · [S, d_v] -> [T, d_v]
}
// #endregion mix

void mix_backward(Matrix dp, Matrix dv, Store dv_store, ConstMatrix dz, ConstMatrix p, ConstMatrix v,
                  Causal causal) {
  // forward: Z = P V
  if (dp.data)  // dP = dZ Vᵀ
    matmul(dp, dz, v.transposed(), Store::overwrite, 1, causal.zeros(Triangle::Of::c));
  if (dv.data)  // dV = Pᵀ dZ
    matmul(dv, p.transposed(), dz, dv_store, 1, causal.zeros(Triangle::Of::a_transposed));
}

}  // namespace attn
