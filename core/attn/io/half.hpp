// Sixteen-bit floating point: IEEE 754 binary16 (F16) and bfloat16 (BF16).
#pragma once

#include <cstdint>

namespace attn::io {

// A binary format of one sign bit, exponent bits and fraction bits, 16 bits in all.
struct SmallFloat {
  int exponent_bits, fraction_bits;
  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
};
inline constexpr SmallFloat binary16{5, 10};
inline constexpr SmallFloat bfloat16{8, 7};

// Exact: every value of either format is a double, subnormals, infinities and NaN included.
double widen(std::uint16_t bits, SmallFloat format);

// Rounded to nearest, ties to even, once (also from double); overflow gives infinity, NaN stays NaN.
std::uint16_t narrow(double value, SmallFloat format);

}  // namespace attn::io
