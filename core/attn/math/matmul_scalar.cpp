// WASM without SIMD (or in double precision): the packed product, one number at a time.
#if defined(__EMSCRIPTEN__) && (!defined(__wasm_simd128__) || defined(ATTN_REAL_DOUBLE))
#include "attn/math/matmul_packed.hpp"

namespace attn::detail {

void gemm(Real* c, Index ldc, Index m, Index n, Index k, Operand a, Operand b, Store store, Real alpha,
          Triangle triangle) {
  PackedProduct<ScalarOps>::run(c, ldc, m, n, k, a, b, store, alpha, triangle);
}

}  // namespace attn::detail
#endif
