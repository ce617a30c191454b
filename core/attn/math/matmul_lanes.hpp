// Four floats as the packed product sees them. Vector extensions carry the arithmetic, so the tests can run
// this path natively too; only the broadcasting load is worth an instruction of its own in WASM.
#pragma once

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

#include <cstring>

#include "attn/math/matmul_packed.hpp"

namespace attn::detail {

struct FourLanes {
  using V = float __attribute__((vector_size(16)));
  static constexpr Index lanes = 4;
  // 4 rows × 8 columns: 8 sums, 2 columns of B and a broadcast are 11 of the 16 registers of x86-64,
  // where V8 needs some for itself. XNNPACK settles on the same tile; 5×8 and 6×8 spill.
  static constexpr int columns = 2;

  static V load(const float* p) {
    V v;
    std::memcpy(&v, p, sizeof v);
    return v;
  }
  static V splat(const float* p) {
#ifdef __wasm_simd128__
    return (V)wasm_v128_load32_splat(p);
#else
    return splat_value(*p);
#endif
  }
  static V splat_value(float x) { return V{x, x, x, x}; }
  static void store(float* p, const V& v) { std::memcpy(p, &v, sizeof v); }
  static V multiply_add(const V& x, const V& y, const V& sum) { return x * y + sum; }
  static V multiply(const V& x, const V& y) { return x * y; }
  // out[p, j] = in[j, p] for a block of 4 × 4.
  static void transpose4(const float* in, Index in_stride, float* out, Index out_stride) {
    const V r0 = load(in), r1 = load(in + in_stride), r2 = load(in + 2 * in_stride),
            r3 = load(in + 3 * in_stride);
    const V t0 = __builtin_shufflevector(r0, r1, 0, 4, 1, 5),
            t1 = __builtin_shufflevector(r0, r1, 2, 6, 3, 7);
    const V t2 = __builtin_shufflevector(r2, r3, 0, 4, 1, 5),
            t3 = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
    store(out, __builtin_shufflevector(t0, t2, 0, 1, 4, 5));
    store(out + out_stride, __builtin_shufflevector(t0, t2, 2, 3, 6, 7));
    store(out + 2 * out_stride, __builtin_shufflevector(t1, t3, 0, 1, 4, 5));
    store(out + 3 * out_stride, __builtin_shufflevector(t1, t3, 2, 3, 6, 7));
  }
};

}  // namespace attn::detail
