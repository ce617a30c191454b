#include "attn/io/decimal.hpp"

#include <doctest.h>

#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>

using attn::Real;
using attn::io::parse_double;
using attn::io::print_double;

// The C library is the reference: glibc and musl round exactly.
namespace {

bool same(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

void check_read(const std::string& text) {
  INFO(text);
  CHECK(same(parse_double(text), std::strtod(text.c_str(), nullptr)));
}

std::string printf_g(double v, int digits) {
  char text[40];
  std::snprintf(text, sizeof text, "%.*g", digits, v);
  return text;
}

double random_double(std::mt19937_64& rng) {  // of all magnitudes alike
  for (;;) {
    const std::uint64_t bits = rng();
    double v;
    std::memcpy(&v, &bits, sizeof v);
    if (std::isfinite(v)) return v;
  }
}

}  // namespace

TEST_CASE("decimal: what is hard to read") {
  for (const char* text :
       {"0",
        "-0",
        "0.0",
        "0e5",
        "-0.000e-999",
        "1",
        "-1",
        "0.1",
        "1e22",
        "1e23",
        "123456789012345678",
        "9007199254740993",
        "9007199254740992.999999999",
        "9007199254740993.00000000000000000001",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.2250738585072014e-308",
        "4.9e-324",
        "2.4703282292062327208e-324",
        "2.4703282292062328e-324",
        "1e-400",
        "1e-99999999999999999999",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.797693134862315807e308",
        "1.797693134862315808e308",
        "1e309",
        "1E+400",
        "-1e99999999999999999999",
        "0.000001e6",
        "6.631236846766476e-316",
        "3."
        "2378839133029012895883524125015321748630376694231080599012970495523019706706765657868357425877995578"
        "6061577655983828343551439108415316925268919056439645957739461803892836530514346395510035669666562920"
        "2017331344031730044369360205258345803431471660032699580731300954848363975548690010751530018881758184"
        "1745696521731104736960227499346384253806233697747365600089974040609674980283891918789639685754392222"
        "0641698146269011334252400272438594165105129355260142115533343022523729152384332233132613843147782359"
        "1142408800030775170625915670728657003151953664260769822494937951845801530895238439819708403389937873"
        "2414634842056080000272705311068273879077914449185347715987501628125488627684932015189916680282517302"
        "99953143924168545708663913273994694463908672332763671875E-319"})
    check_read(text);
  check_read("0." + std::string(400, '0') + "1e400");
  check_read(std::string(400, '9') + "e-400");
  check_read("1" + std::string(1000, '0') + "e-1000");
}

TEST_CASE("decimal: half-way cases, and a hair to either side of them") {
  std::mt19937_64 rng(1);
  for (int i = 0; i < 300; ++i) {
    const double v = std::fabs(random_double(rng));
    const long double up = std::nextafter(v, std::numeric_limits<double>::infinity());
    if (!std::isfinite(static_cast<double>(up))) continue;
    // Exactly half-way: one more bit than a double has, printed to its last digit.
    char text[1600];
    std::snprintf(text, sizeof text, "%.1100Lf", (static_cast<long double>(v) + up) / 2);
    std::string half(text);
    check_read(half);
    if (half.find_first_not_of("0.") == std::string::npos) continue;
    check_read(half + "1");
    half[half.find_last_not_of("0.")] -= 1;
    check_read(half + "9");
  }
}

TEST_CASE("decimal: any double, printed and read as the C library does") {
  std::mt19937_64 rng(2);
  for (int i = 0; i < 20000; ++i) {
    // One half of all magnitudes, the other of those that a course has.
    const double v = i % 2 ? random_double(rng)
                           : std::ldexp(static_cast<double>(rng() >> 11), -static_cast<int>(rng() % 70));
    const int digits = 1 + static_cast<int>(rng() % 17);
    const std::string text = printf_g(v, digits);
    INFO(v);
    REQUIRE(print_double(v, digits) == text);
    REQUIRE(same(parse_double(text), std::strtod(text.c_str(), nullptr)));
    const std::string shortest = print_double(v);
    REQUIRE(same(parse_double(shortest), v));
    for (int fewer = 15; fewer <= 17; ++fewer)
      if (const std::string t = printf_g(v, fewer); std::strtod(t.c_str(), nullptr) == v) {
        REQUIRE(shortest == t);
        break;
      }
  }
}

TEST_CASE("decimal: ends of the range, ties and plain notation") {
  CHECK(print_double(0) == "0");
  CHECK(print_double(-0.0) == "-0");
  CHECK(print_double(DBL_MAX) == "1.7976931348623157e+308");
  CHECK(print_double(std::numeric_limits<double>::denorm_min()) == "4.94065645841247e-324");
  CHECK(print_double(0.5, 1) == "0.5");
  CHECK(print_double(2.5, 1) == "2");  // ties to even
  CHECK(print_double(3.5, 1) == "4");
  CHECK(print_double(9.5, 1) == "1e+01");
  CHECK(print_double(99999.5, 5) == "1e+05");
  CHECK(print_double(0.0001) == "0.0001");
  CHECK(print_double(0.00001) == "1e-05");
  CHECK(print_double(1e14) == "100000000000000");
  CHECK(print_double(1e15) == "1e+15");
}

TEST_CASE("decimal: the shortest spelling of a weight") {
  CHECK(attn::io::shortest(Real(1e-5)) == 1e-5);
  CHECK(attn::io::shortest(Real(-0.1)) == -0.1);
  CHECK(attn::io::shortest(Real(0)) == 0);
  std::mt19937_64 rng(3);
  for (int i = 0; i < 2000; ++i) {
    const Real v = static_cast<Real>(std::ldexp(static_cast<double>(rng() >> 11), -60));
    const double s = attn::io::shortest(v);
    REQUIRE(static_cast<Real>(s) == v);
    REQUIRE(print_double(s).size() <= (sizeof(Real) == 4 ? 16u : 24u));
  }
}
