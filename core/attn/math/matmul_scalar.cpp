// WASM: the straightforward loop, until the packed kernel takes over.
#ifdef __EMSCRIPTEN__
#include "attn/math/matmul_kernel.hpp"

namespace attn::detail {

void gemm(Real* c, Index ldc, Index m, Index n, Index k, Operand a, Operand b, Store store, Real alpha) {
  for (Index i = 0; i < m; ++i) {
    Real* row = c + i * ldc;
    if (store == Store::overwrite)
      for (Index j = 0; j < n; ++j) row[j] = 0;
    for (Index p = 0; p < k; ++p) {
      const Real x = alpha * (a.transposed ? a.data[p * a.outer + i] : a.data[i * a.outer + p]);
      if (b.transposed)
        for (Index j = 0; j < n; ++j) row[j] += x * b.data[j * b.outer + p];
      else
        for (Index j = 0; j < n; ++j) row[j] += x * b.data[p * b.outer + j];
    }
  }
}

}  // namespace attn::detail
#endif
