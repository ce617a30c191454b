// What bench/matmul.mjs times on our side: the product behind the seam, and the speed that no product can
// exceed. Exports are plain functions on addresses, so that a call costs nothing worth measuring.
#include <cstdlib>

#include "attn/math/matmul.hpp"

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

namespace {

#if defined(__wasm_simd128__)
// `Chains` sums that do not depend on one another: x -> x·a + b, four lanes each, as separate multiplication
// and addition (WASM SIMD has no fused one). Too few wait for each other, too many spill: the caller
// takes the best. 8·Chains operations per step.
template <int Chains>
float multiply_add(int steps) {
  const v128_t a = wasm_f32x4_splat(0.999f), b = wasm_f32x4_splat(0.001f);
  v128_t x[Chains];
  for (int i = 0; i < Chains; ++i) x[i] = wasm_f32x4_splat(static_cast<float>(i));
#pragma clang loop unroll(disable)
  for (int s = 0; s < steps; ++s)
    for (int i = 0; i < Chains; ++i) x[i] = wasm_f32x4_add(wasm_f32x4_mul(x[i], a), b);
  v128_t sum = x[0];
  for (int i = 1; i < Chains; ++i) sum = wasm_f32x4_add(sum, x[i]);
  return wasm_f32x4_extract_lane(sum, 0);
}
#endif

}  // namespace

extern "C" {

__attribute__((export_name("allocate"))) float* allocate(int floats) {
  return static_cast<float*>(std::aligned_alloc(64, (static_cast<std::size_t>(floats) * 4 + 63) / 64 * 64));
}

// C[m, n] = A[m, k]·B[k, n], all row-major.
__attribute__((export_name("product"))) void product(float* c, const float* a, const float* b, int m, int k,
                                                     int n) {
  attn::matmul(attn::Matrix(c, m, n), attn::ConstMatrix(a, m, k), attn::ConstMatrix(b, k, n));
}

#if defined(__wasm_simd128__)
__attribute__((export_name("peak8"))) float peak8(int steps) { return multiply_add<8>(steps); }
__attribute__((export_name("peak10"))) float peak10(int steps) { return multiply_add<10>(steps); }
__attribute__((export_name("peak12"))) float peak12(int steps) { return multiply_add<12>(steps); }
#endif

}  // extern "C"
