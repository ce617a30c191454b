#include "attn/io/half.hpp"

#include <cmath>
#include <limits>

namespace attn::io {

double widen(std::uint16_t bits, SmallFloat f) {
  const int top = (1 << f.exponent_bits) - 1;
  const int exponent = bits >> f.fraction_bits & top;
  const int fraction = bits & ((1 << f.fraction_bits) - 1);
  const double sign = bits >> 15 ? -1.0 : 1.0;
  if (exponent == top)
    return fraction ? std::numeric_limits<double>::quiet_NaN()
                    : sign * std::numeric_limits<double>::infinity();
  // Subnormals (exponent 0) have no implicit one and share the exponent of the smallest normals.
  const int significand = exponent ? fraction | 1 << f.fraction_bits : fraction;
  const int power = (exponent ? exponent : 1) - f.bias() - f.fraction_bits;
  return sign * std::ldexp(static_cast<double>(significand), power);
}

std::uint16_t narrow(double value, SmallFloat f) {
  const int top = (1 << f.exponent_bits) - 1;
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const auto with_sign = [&](int rest) { return static_cast<std::uint16_t>(sign | rest); };
  const int infinity = top << f.fraction_bits;
  if (std::isnan(value)) return with_sign(infinity | 1 << (f.fraction_bits - 1));
  const double magnitude = std::fabs(value);
  if (magnitude == 0) return sign;
  if (std::isinf(magnitude)) return with_sign(infinity);

  int exponent = 0;
  std::frexp(magnitude, &exponent);  // magnitude = m·2^exponent, 1/2 <= m < 1
  // The unit in the last place of the result; below the smallest normal it stops shrinking.
  const int lowest = 1 - f.bias() - f.fraction_bits;
  const int ulp = exponent - 1 - f.fraction_bits > lowest ? exponent - 1 - f.fraction_bits : lowest;
  // Scaling by a power of two is exact, so the only rounding is nearbyint's: to nearest even.
  const double scaled = std::nearbyint(std::ldexp(magnitude, -ulp));
  // A significand that rounded up to 2^(fraction_bits+1) carries into the exponent by itself.
  const double code = scaled + std::ldexp(static_cast<double>(ulp - lowest), f.fraction_bits);
  return with_sign(code >= infinity ? infinity : static_cast<int>(code));
}

}  // namespace attn::io
