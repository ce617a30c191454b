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

constexpr Index third = lane_count > 2 ? 2 : 0;  // where there are two lanes, compiled but never reached

// The first `count` numbers at x, 0 < count < lane_count, and `rest` in the lanes behind them; and back. Lane
// by lane: a memcpy of so few bytes is a call, and what was written in parts cannot be read as a whole at
// once.
inline Lanes load_part(const Real* x, Index count, Real rest) {
  Lanes v = rest - Lanes{};
  if constexpr (lane_count == 4) {
    v[0] = x[0];
    if (count > 1) v[1] = x[1];
    if (count > 2) v[third] = x[2];
  } else {
    for (Index l = 0; l < count; ++l) v[l] = x[l];
  }
  return v;
}
inline void store_part(Real* y, const Lanes& v, Index count) {
  if constexpr (lane_count == 4) {
    y[0] = v[0];
    if (count > 1) y[1] = v[1];
    if (count > 2) y[2] = v[third];
  } else {
    for (Index l = 0; l < count; ++l) y[l] = v[l];
  }
}

// Pairwise over the lanes: ((0 + n/2) + (1 + n/2+1) ..), a fixed order.
inline Real horizontal_sum(const Lanes& v) {
  Real x[lane_count];
  std::memcpy(x, &v, sizeof v);
  for (Index half = lane_count / 2; half > 0; half /= 2)
    for (Index i = 0; i < half; ++i) x[i] += x[i + half];
  return x[0];
}

// The largest lane. On four, without a branch that depends on the numbers: nobody can predict their order.
// A template, so that the other widths do not read what only four lanes understand.
template <class V>
inline Real horizontal_max(V v) {
  if constexpr (sizeof(V) == 4 * sizeof(Real)) {
    const V w = __builtin_shufflevector(v, v, 2, 3, 0, 1);
    v = v > w ? v : w;
    const V u = __builtin_shufflevector(v, v, 1, 0, 3, 2);
    v = v > u ? v : u;
    return v[0];
  } else {
    Real m = v[0];
    for (Index l = 1; l < lane_count; ++l) m = v[l] > m ? v[l] : m;
    return m;
  }
}

}  // namespace attn::detail
