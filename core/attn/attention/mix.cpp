#include "attn/attention/mix.hpp"

namespace attn {

// #region mix
void mix(Matrix z, ConstMatrix p, ConstMatrix v) {
  matmul(z, p, v);  // [T, S] · [S, d_v] -> [T, d_v]
}
// #endregion mix

void mix_backward(Matrix dp, Matrix dv, Store dv_store, ConstMatrix dz, ConstMatrix p, ConstMatrix v) {
  // forward: Z = P V
  if (dp.data) matmul(dp, dz, v.transposed());            // dP = dZ Vᵀ
  if (dv.data) matmul(dv, p.transposed(), dz, dv_store);  // dV = Pᵀ dZ
}

}  // namespace attn
