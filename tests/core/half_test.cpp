#include "attn/io/half.hpp"

#include <doctest.h>

#include <cmath>
#include <cstring>
#include <initializer_list>
#include <limits>

using namespace attn::io;

namespace {
const double inf = std::numeric_limits<double>::infinity();
}

TEST_CASE("half: every bit pattern widens and narrows back to itself") {
  for (const SmallFloat format : {binary16, bfloat16})
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
      const double v = widen(static_cast<std::uint16_t>(bits), format);
      if (std::isnan(v))
        CHECK(std::isnan(widen(narrow(v, format), format)));
      else
        REQUIRE(narrow(v, format) == bits);
    }
}

TEST_CASE("half: known values (IEEE 754-2008, binary16)") {
  CHECK(widen(0x3C00, binary16) == 1.0);
  CHECK(widen(0x0001, binary16) == std::ldexp(1.0, -24));  // smallest subnormal
  CHECK(widen(0x03FF, binary16) == 1023 * std::ldexp(1.0, -24));
  CHECK(widen(0x0400, binary16) == std::ldexp(1.0, -14));  // smallest normal
  CHECK(widen(0x7BFF, binary16) == 65504.0);
  CHECK(widen(0xFC00, binary16) == -inf);
  CHECK(std::signbit(widen(0x8000, binary16)));
  CHECK(widen(0x3F80, bfloat16) == 1.0);
  CHECK(widen(0x4049, bfloat16) == 3.140625);
}

TEST_CASE("half: bfloat16 is the upper half of a float") {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const std::uint32_t wide = bits << 16;
    float f = 0;
    std::memcpy(&f, &wide, 4);
    if (!std::isnan(f)) REQUIRE(widen(static_cast<std::uint16_t>(bits), bfloat16) == static_cast<double>(f));
  }
}

TEST_CASE("half: rounding is to nearest, ties to even, at every boundary") {
  for (const SmallFloat format : {binary16, bfloat16}) {
    const int top = ((1 << format.exponent_bits) - 1) << format.fraction_bits;  // infinity
    for (int bits = 0; bits + 1 < top; ++bits) {
      const double low = widen(static_cast<std::uint16_t>(bits), format);
      const double high = widen(static_cast<std::uint16_t>(bits + 1), format);
      const double middle = (low + high) / 2;
      REQUIRE(narrow(middle, format) == (bits % 2 ? bits + 1 : bits));
      REQUIRE(narrow(std::nextafter(middle, low), format) == bits);
      REQUIRE(narrow(std::nextafter(middle, high), format) == bits + 1);
      REQUIRE(narrow(-middle, format) == (0x8000 | (bits % 2 ? bits + 1 : bits)));
    }
  }
}

TEST_CASE("half: overflow, underflow and NaN") {
  CHECK(narrow(65519.999, binary16) == 0x7BFF);
  CHECK(narrow(65520.0, binary16) == 0x7C00);  // halfway to 65536: even is infinity
  CHECK(narrow(1e300, binary16) == 0x7C00);
  CHECK(narrow(-inf, binary16) == 0xFC00);
  CHECK(narrow(std::ldexp(1.0, -25), binary16) == 0);  // half the smallest: tie to even
  CHECK(narrow(std::nextafter(std::ldexp(1.0, -25), 1.0), binary16) == 1);
  CHECK(narrow(-5e-324, bfloat16) == 0x8000);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK((narrow(nan, binary16) & 0x7FFF) > 0x7C00);
  CHECK((narrow(nan, bfloat16) & 0x7FFF) > 0x7F80);
}
