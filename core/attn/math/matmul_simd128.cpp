// WASM with SIMD: the packed product on four lanes.
#if defined(__wasm_simd128__) && !defined(ATTN_REAL_DOUBLE)
#include "attn/math/matmul_lanes.hpp"

namespace attn::detail {

void gemm(Real* c, Index ldc, Index m, Index n, Index k, Operand a, Operand b, Store store, Real alpha,
          Triangle triangle) {
  PackedProduct<FourLanes>::run(c, ldc, m, n, k, a, b, store, alpha, triangle);
}

}  // namespace attn::detail
#endif
