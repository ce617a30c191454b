#include "attn/io/decimal.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace attn::io {

namespace {

// 0.d1 d2 d3 … · 10^point, without zeros at either end; no digits: zero. Any finite double is one exactly.
struct Decimal {
  std::string digits;
  std::int64_t point = 0;

  std::int64_t last_power() const { return point - static_cast<std::int64_t>(digits.size()); }

  void strip() {
    digits.erase(digits.find_last_not_of('0') + 1);
    const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
    digits.erase(0, zeros);
    point = digits.empty() ? 0 : point - static_cast<std::int64_t>(zeros);
  }
};

// -1, 0, 1 as a <, =, > b; both positive.
int compare(const Decimal& a, const Decimal& b) {
  if (a.point != b.point) return a.point < b.point ? -1 : 1;
  const int order = a.digits.compare(b.digits);  // no trailing zeros: a proper prefix is the smaller number
  return order < 0 ? -1 : order > 0;
}

// A natural number in base 10^9, the lowest limb first.
constexpr std::uint32_t base = 1000000000;
using Limbs = std::vector<std::uint32_t>;

void multiply(Limbs& limbs, std::uint32_t factor) {  // factor <= base
  std::uint64_t carry = 0;
  for (std::uint32_t& limb : limbs) {
    carry += std::uint64_t{limb} * factor;
    limb = static_cast<std::uint32_t>(carry % base);
    carry /= base;
  }
  if (carry) limbs.push_back(static_cast<std::uint32_t>(carry));
}

void multiply_power(Limbs& limbs, std::uint32_t number, int exponent, int at_once) {
  while (exponent > 0) {
    std::uint32_t factor = 1;
    for (int i = 0; i < at_once && exponent > 0; ++i, --exponent) factor *= number;
    multiply(limbs, factor);
  }
}

// m · 2^e. A negative power of two is one of five with the point moved: 2^-k = 5^k / 10^k.
Decimal exact(std::uint64_t m, int e) {
  Decimal d;
  if (m == 0) return d;
  for (; e < 0 && m % 2 == 0; ++e) m /= 2;
  Limbs limbs;
  for (; m; m /= base) limbs.push_back(static_cast<std::uint32_t>(m % base));
  e < 0 ? multiply_power(limbs, 5, -e, 12) : multiply_power(limbs, 2, e, 29);  // 5^12, 2^29 < base
  for (std::size_t i = limbs.size(); i-- > 0;) {
    char nine[9];
    for (int k = 8; k >= 0; --k, limbs[i] /= 10) nine[k] = static_cast<char>('0' + limbs[i] % 10);
    d.digits.append(nine, 9);
  }
  d.point = static_cast<std::int64_t>(d.digits.size()) + std::min(e, 0);
  d.strip();
  return d;
}

// The fields of a positive double: m · 2^e. The bits of positive doubles, as numbers, are in their order.
constexpr int fraction_bits = 52;
constexpr std::uint64_t infinity_bits = std::uint64_t{0x7ff} << fraction_bits;
// std::bit_cast, which the oldest supported libc++ lacks.
std::uint64_t bits_of(double v) {
  std::uint64_t bits;
  std::memcpy(&bits, &v, sizeof bits);
  return bits;
}
double double_of(std::uint64_t bits) {
  double v;
  std::memcpy(&v, &bits, sizeof v);
  return v;
}
struct Parts {
  std::uint64_t m;
  int e;
};
Parts parts(std::uint64_t bits) {
  const int exponent = static_cast<int>(bits >> fraction_bits);
  const std::uint64_t fraction = bits & ((std::uint64_t{1} << fraction_bits) - 1);
  return {exponent ? fraction | std::uint64_t{1} << fraction_bits : fraction, std::max(exponent, 1) - 1075};
}

// Half-way between the double of these bits and the next one up.
Decimal half_way(std::uint64_t bits) {
  const Parts p = parts(bits);
  return exact(2 * p.m + 1, p.e - 1);
}

Decimal read(std::string_view text) {
  Decimal d;
  std::size_t i = 0;
  bool fraction = false;
  for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; ++i) {
    if (text[i] == '.') {
      fraction = true;
      continue;
    }
    d.digits += text[i];
    d.point += !fraction;
  }
  std::int64_t exponent = 0;
  const bool negative = i + 1 < text.size() && text[i + 1] == '-';
  constexpr std::int64_t enough = std::int64_t{1} << 40;  // beyond any text's length
  for (++i; i < text.size(); ++i)
    if (text[i] >= '0' && text[i] <= '9') exponent = std::min(exponent * 10 + (text[i] - '0'), enough);
  d.point += negative ? -exponent : exponent;
  d.strip();
  return d;
}

// x · 10^power. Within a few units of the last place; rounded once if |power| <= 22: then 10^|power| is a
// double.
double scaled(double x, int power) {
  double tens = 1, ten = 10;  // ten: 10^(2^i)
  for (int left = std::abs(power); left; left /= 2, ten *= ten) {
    if (left % 2 == 0) continue;
    if (tens * ten > 1e22) x = power < 0 ? x / tens : x * tens, tens = 1;
    tens *= ten;
  }
  return power < 0 ? x / tens : x * tens;
}

// From the first 17 digits; exact before scaling if there are no more than 15.
double estimate(const Decimal& d) {
  double x = 0;
  const int used = static_cast<int>(std::min<std::size_t>(d.digits.size(), 17));
  for (int i = 0; i < used; ++i) x = 10 * x + (d.digits[static_cast<std::size_t>(i)] - '0');
  return scaled(x, static_cast<int>(d.point) - used);
}

// Clinger 1990: with at most 15 digits and a power of ten up to 22 both operands are doubles, and one
// operation rounds once. Everything else is guessed, and the guess put right by exact comparison.
double nearest(const Decimal& d) {
  if (d.digits.empty() || d.point < -330) return 0;
  if (d.point > 310) return std::numeric_limits<double>::infinity();
  const double guess = estimate(d);
  if (d.digits.size() <= 15 && std::abs(d.last_power()) <= 22) return guess;
  std::uint64_t bits = std::min(bits_of(guess), infinity_bits - 1);
  const auto reaches = [&d](std::uint64_t low) {  // at least the upper one of (low, low + 1) is as near
    const int order = compare(d, half_way(low));
    return order > 0 || (order == 0 && low % 2 == 1);
  };
  while (bits < infinity_bits && reaches(bits)) ++bits;
  while (bits > 0 && !reaches(bits - 1)) --bits;
  return double_of(bits);
}

void round_to(Decimal& d, std::size_t n) {
  if (d.digits.size() <= n) return;
  const bool tie = d.digits[n] == '5' && d.digits.size() == n + 1;
  const bool up = tie ? (d.digits[n - 1] - '0') % 2 == 1 : d.digits[n] >= '5';
  d.digits.resize(n);
  if (up) {
    std::size_t i = n;
    while (i > 0 && d.digits[i - 1] == '9') d.digits[--i] = '0';
    if (i > 0)
      ++d.digits[i - 1];
    else
      d.digits = "1", ++d.point;
  }
  d.strip();
}

// As %g: plain from 10^-4 up to 10^precision, with an exponent of two digits or more beyond.
std::string spell(const Decimal& d, int precision, bool negative) {
  std::string out = negative ? "-" : "";
  if (d.digits.empty()) return out + "0";
  const int exponent = static_cast<int>(d.point) - 1;
  const std::size_t n = d.digits.size();
  if (exponent < -4 || exponent >= precision) {
    out += d.digits.substr(0, 1);
    if (n > 1) out += "." + d.digits.substr(1);
    const std::string size = std::to_string(std::abs(exponent));
    return out + (exponent < 0 ? "e-" : "e+") + (size.size() < 2 ? "0" : "") + size;
  }
  if (d.point <= 0) return out + "0." + std::string(static_cast<std::size_t>(-d.point), '0') + d.digits;
  const std::size_t whole = static_cast<std::size_t>(d.point);
  if (n <= whole) return out + d.digits + std::string(whole - n, '0');
  return out + d.digits.substr(0, whole) + "." + d.digits.substr(whole);
}

Decimal magnitude(double v) {
  const Parts p = parts(bits_of(std::fabs(v)));
  return exact(p.m, p.e);
}

}  // namespace

double parse_double(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  const double size = nearest(read(text.substr(negative)));
  return negative ? -size : size;
}

std::string print_double(double v, int digits) {
  Decimal d = magnitude(v);
  round_to(d, static_cast<std::size_t>(digits));
  return spell(d, digits, std::signbit(v));
}

std::string print_double(double v) {
  const Decimal whole = magnitude(v);
  for (int digits = 15;; ++digits) {
    Decimal d = whole;
    round_to(d, static_cast<std::size_t>(digits));
    if (digits == 17 || nearest(d) == std::fabs(v)) return spell(d, digits, std::signbit(v));
  }
}

double shortest(Real v) {
  const Decimal whole = magnitude(v);
  for (int digits = 6; digits <= 17; ++digits) {
    Decimal d = whole;
    round_to(d, static_cast<std::size_t>(digits));
    const double back = std::copysign(nearest(d), static_cast<double>(v));
    if (static_cast<Real>(back) == v) return back;
  }
  return static_cast<double>(v);
}

}  // namespace attn::io
