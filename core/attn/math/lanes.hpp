// A few numbers side by side, through the vector extensions that gcc and clang share. The same
// source becomes SSE on a native build, simd128 in WASM and plain scalar code in scalar WASM, with the
// same operations in the same order: so the three agree bit for bit.
#pragma once

#include <cstdint>
#include <cstring>

#include "attn/base/real.hpp"

namespace attn::detail {

#if defined(__AVX512F__)
constexpr int lane_bytes = 64;  // -march=native: speed before reproducibility across machines
#elif defined(__AVX__)
constexpr int lane_bytes = 32;
#else
constexpr int lane_bytes = 16;
#endif
constexpr Index lane_count = lane_bytes / static_cast<int>(sizeof(Real));

using Lanes = Real __attribute__((vector_size(lane_bytes)));
using FloatLanes = float __attribute__((vector_size(lane_bytes)));
using IntLanes = std::int32_t __attribute__((vector_size(lane_bytes)));  // bits and masks of FloatLanes
using UintLanes = std::uint32_t __attribute__((vector_size(lane_bytes)));

inline Lanes load(const Real* p) {
  Lanes v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store(Real* p, const Lanes& v) { std::memcpy(p, &v, sizeof v); }

// Pairwise over the lanes: ((0 + n/2) + (1 + n/2+1) ..), a fixed order.
inline Real horizontal_sum(const Lanes& v) {
  Real x[lane_count];
  std::memcpy(x, &v, sizeof v);
  for (Index half = lane_count / 2; half > 0; half /= 2)
    for (Index i = 0; i < half; ++i) x[i] += x[i + half];
  return x[0];
}

}  // namespace attn::detail
