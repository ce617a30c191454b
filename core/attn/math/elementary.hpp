// exp, tanh and their kin on several numbers at once. Float build: polynomials on FloatLanes, built
// of additions and multiplications only, so every platform computes the same bits, and an element's
// result does not depend on its place in the array. Double build: the standard library, one by one.
#pragma once

#include <cmath>
#include <limits>

#include "attn/math/lanes.hpp"

namespace attn::detail {

#ifdef ATTN_REAL_DOUBLE

using Wide = double;

inline Wide exp(Wide x) { return std::exp(x); }
inline Wide tanh(Wide x) { return std::tanh(x); }
inline Wide sigmoid(Wide x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
inline Wide normal_cdf(Wide x) { return std::erfc(-x * 0.70710678118654752440) / 2; }
inline Wide normal_pdf(Wide x) { return std::exp(-x * x / 2) * 0.39894228040143267794; }

#else

using Wide = FloatLanes;

inline FloatLanes abs(const FloatLanes& x) { return x < 0.0f ? -x : x; }

// e^x = 2^n · e^r with n = round(x / ln 2); e^r for |r| <= ln 2 / 2 by the polynomial of Cephes
// (S. Moshier, expf.c). Results below the smallest normal number are 0: a denormal would
// say nothing and slow down whatever is multiplied by it.
inline FloatLanes exp(const FloatLanes& x) {
  // Adding 1.5·2^23 leaves no bits for a fraction: the sum rounds to an integer, and that integer
  // stands in its low bits.
  constexpr float shifter = 12582912.0f;
  constexpr std::int32_t shifter_bits = 0x4b400000;
  const FloatLanes shifted = x * 1.44269504f + shifter;
  const IntLanes n = (IntLanes)shifted - shifter_bits;
  const FloatLanes nf = shifted - shifter;
  const FloatLanes r = (x - nf * 0.693359375f) - nf * -2.12194440e-4f;  // ln 2 in two parts

  FloatLanes p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const FloatLanes y = (p * (r * r) + r) + 1.0f;

  // 2^n in two factors, because 2^128 alone is not a float.
  const IntLanes half = n >> 1;
  const FloatLanes power1 = (FloatLanes)((UintLanes)(half + 127) << 23);
  const FloatLanes power2 = (FloatLanes)((UintLanes)((n - half) + 127) << 23);

  // Far outside its domain the above is garbage, and is replaced; NaN fails both comparisons and stays.
  constexpr float lowest = -87.33654f, highest = 89.0f;  // ln FLT_MIN; anything above ln FLT_MAX
  const FloatLanes in_range = y * power1 * power2;
  const FloatLanes not_above = x > highest ? FloatLanes{} + std::numeric_limits<float>::infinity() : in_range;
  return x < lowest ? FloatLanes{} : not_above;
}

// Cephes tanhf.c: an odd polynomial near zero, 1 - 2 / (e^2|x| + 1) beyond.
inline FloatLanes tanh(const FloatLanes& x) {
  const FloatLanes magnitude = abs(x), z = x * x;
  FloatLanes p = z * -5.70498872745e-3f + 2.06390887954e-2f;
  p = p * z + -5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z + -3.33332819422e-1f;
  const FloatLanes near = p * z * x + x;
  const FloatLanes far = 1.0f - 2.0f / (exp(magnitude + magnitude) + 1.0f);
  return magnitude < 0.625f ? near : (x < 0.0f ? -far : far);
}

// Through e^-|x|, which cannot overflow.
inline FloatLanes sigmoid(const FloatLanes& x) {
  const FloatLanes e = exp(-abs(x));
  return (x < 0.0f ? e : FloatLanes{} + 1.0f) / (1.0f + e);
}

inline FloatLanes normal_pdf(const FloatLanes& x) { return exp(x * x * -0.5f) * 0.3989422804f; }

// The lower tail Φ(-|x|) = ½ e^(-y²) erfcx(y) with y = |x|/√2, where the scaled erfcx(y) = e^(y²) erfc(y) is
// smooth: a polynomial in t = (y - 3)/(y + 3), of degree 10, our own fit at Chebyshev nodes with
// relative error 4e-9 for y <= 10; beyond, e^(-y²) is 0.
inline FloatLanes normal_cdf(const FloatLanes& x) {
  const FloatLanes y = abs(x) * 0.7071067812f;
  const FloatLanes t = y > 10.0f ? FloatLanes{} + 0.5384615f : (y - 3.0f) / (y + 3.0f);
  FloatLanes p = t * 5.370668424e-5f + 2.440685658e-5f;
  p = p * t + -5.953980082e-4f;
  p = p * t + 7.186958659e-4f;
  p = p * t + 4.270022622e-3f;
  p = p * t + -2.4394935e-2f;
  p = p * t + 7.166559313e-2f;
  p = p * t + -1.501157109e-1f;
  p = p * t + 2.456038159e-1f;
  p = p * t + -3.262335661e-1f;
  p = p * t + 1.790011511e-1f;
  const FloatLanes tail = exp(x * x * -0.5f) * p * 0.5f;
  return x < 0.0f ? tail : 1.0f - tail;
}

#endif

constexpr Index wide_count = static_cast<Index>(sizeof(Wide) / sizeof(Real));

// y_i = f(x_i): whole groups, then the rest in a padded group, so that its bits come out the same.
template <class F>
void map(F f, const Real* x, Real* y, Index n) {
  Wide v;
  Index i = 0;
  for (; i + wide_count <= n; i += wide_count) {
    std::memcpy(&v, x + i, sizeof v);
    v = f(v);
    std::memcpy(y + i, &v, sizeof v);
  }
  if constexpr (wide_count > 1)
    if (i < n) store_part(y + i, f(load_part(x + i, n - i, 0)), n - i);
}

}  // namespace attn::detail
