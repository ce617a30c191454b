// Private to the matmul seam: the operands once their strides have been understood.
#pragma once

#include "attn/math/matmul.hpp"

namespace attn::detail {

// A matrix one of whose strides is 1: element (r, c) is at r·outer + c, or at c·outer + r when transposed.
struct Operand {
  const Real* data;
  Index outer;
  bool transposed;
};

// C[m, n] (row stride ldc) = or += alpha · A[m, k]·B[k, n], with m, n and k all >= 1.
// Defined once per build: matmul_eigen.cpp, matmul_simd128.cpp or matmul_scalar.cpp.
void gemm(Real* c, Index ldc, Index m, Index n, Index k, Operand a, Operand b, Store store, Real alpha,
          Triangle triangle);

}  // namespace attn::detail
