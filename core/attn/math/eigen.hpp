// The only place that includes Eigen. Everything about compiler and platform that Eigen needs
// to hear is said here.
#pragma once

#if defined(__EMSCRIPTEN__) && defined(__SSE2__)
// Eigen has no WASM backend. Its SSE path on Emscripten's SSE headers is the way to vectorise it,
// with four corrections.
#define __MMINTRIN_H  // WASM has no MMX: Eigen 3.4.0 includes the header and uses nothing of it
#include <immintrin.h>
#include <wasm_simd128.h>
// Emscripten scalarises these conversions, which Eigen's exp and tanh go through; they differ
// from x86 only outside the range of int32, and Eigen clamps before converting.
#define _mm_cvttps_epi32(a) ((__m128i)wasm_i32x4_trunc_sat_f32x4((v128_t)(a)))
#define _mm_cvtps_epi32(a) ((__m128i)wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_nearest((v128_t)(a))))
// minps/maxps return the second operand on NaN, and so do pmin/pmax with the operands swapped.
#define _mm_min_ps(a, b) ((__m128)wasm_f32x4_pmin((v128_t)(b), (v128_t)(a)))
#define _mm_max_ps(a, b) ((__m128)wasm_f32x4_pmax((v128_t)(b), (v128_t)(a)))
#if !__has_include(<Eigen/Version>)  // Eigen 3.4.x; Eigen 5 needs no work-around and forbids this include
#include <Eigen/src/Core/util/Macros.h>
#undef EIGEN_COMP_GNUC
#define EIGEN_COMP_GNUC 100  // clang claims to be GCC 4.2: skip the inline assembly meant for it
#endif
#endif

#include <Eigen/Core>
#include <Eigen/SVD>
