#include "attn/math/random.hpp"

#include <cmath>
#include <cstring>
#include <string>

namespace attn {

// Salmon et al. 2011, section 3.3: ten rounds of two 32×32 → 64-bit products, whose high and low
// halves are exchanged and mixed with a key that grows by a Weyl sequence.
PhiloxBlock philox4x32_10(PhiloxBlock c, std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57u} * c[2];
    const auto high = [](std::uint64_t p) { return static_cast<std::uint32_t>(p >> 32); };
    const auto low = [](std::uint64_t p) { return static_cast<std::uint32_t>(p); };
    c = {high(p1) ^ c[1] ^ key0, low(p1), high(p0) ^ c[3] ^ key1, low(p0)};
    key0 += 0x9E3779B9u;  // the golden ratio
    key1 += 0xBB67AE85u;  // √3 - 1
  }
  return c;
}

Rng::Rng(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream) {}

Rng::State Rng::state() const { return {seed_, stream_, counter_}; }

Rng Rng::restore(const State& state) {
  Rng rng(state.seed, state.stream);
  rng.counter_ = state.counter;
  if (rng.counter_ % 4) rng.refill();
  return rng;
}

// The block that holds output number counter_. Key = seed; the 128-bit counter = (block, stream).
void Rng::refill() {
  const std::uint64_t block = counter_ / 4;
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  block_ = philox4x32_10({low(block), low(block >> 32), low(stream_), low(stream_ >> 32)}, low(seed_),
                         low(seed_ >> 32));
}

std::uint32_t Rng::bits() {
  if (counter_ % 4 == 0) refill();
  return block_[static_cast<std::size_t>(counter_++ % 4)];
}

double Rng::uniform() {
  const std::uint64_t high = bits(), low = bits();
  return static_cast<double>((high << 32 | low) >> 11) * 0x1p-53;
}

// Lemire 2019, "Fast random integer generation in an interval": the high word of bits·n, where the
// few low words that would favour some results are drawn again.
Index Rng::below(Index n) {
  if (n < 1) throw ShapeError("Rng::below: n must be at least 1, got " + std::to_string(n));
  const auto range = static_cast<std::uint64_t>(n);
  if (range <= 0xffffffffu) {
    const std::uint32_t r = static_cast<std::uint32_t>(range), reject = (0u - r) % r;
    std::uint64_t product;
    do product = std::uint64_t{bits()} * r;
    while (static_cast<std::uint32_t>(product) < reject);
    return static_cast<Index>(product >> 32);
  }
  const std::uint64_t reject = (0u - range) % range;  // 2^64 mod n
  std::uint64_t x;
  do {
    const std::uint64_t high = bits(), low = bits();
    x = high << 32 | low;
  } while (x < reject);
  return static_cast<Index>(x % range);
}

namespace {

// log x for normal x > 0 by IEEE operations alone (libraries differ in the last bit):
// x = m·2^e with m in [√½, √2), log m = 2 artanh s = 2 Σ s^(2k+1)/(2k+1), s = (m-1)/(m+1), |s| < 0.1716.
double portable_log(double x) {
  std::uint64_t word;
  std::memcpy(&word, &x, sizeof word);
  int e = static_cast<int>(word >> 52) - 1022;
  word = (word & 0x000fffffffffffffu) | 0x3fe0000000000000u;  // m in [½, 1)
  double m;
  std::memcpy(&m, &word, sizeof m);
  if (m < 0.70710678118654752440) m *= 2, --e;
  const double s = (m - 1) / (m + 1), z = s * s;
  double series = 1.0 / 23;
  for (int k = 21; k >= 1; k -= 2) series = series * z + 1.0 / k;
  return 2 * s * series + e * 0.69314718055994530942;
}

// Numerator and denominator, highest power first.
double rational(double r, const std::array<double, 8>& num, const std::array<double, 8>& den) {
  double n = num[0], d = den[0];
  for (std::size_t i = 1; i < 8; ++i) {
    n = n * r + num[i];
    d = d * r + den[i];
  }
  return n / d;
}

// Φ^-1(½ + q), with `tail` = min(p, 1 - p) given exactly. Wichura 1988, algorithm AS 241 (PPND16),
// relative accuracy 1e-16.
double normal_quantile(double q, double tail) {
  if (std::fabs(q) <= 0.425)
    return q * rational(0.180625 - q * q,
                        {2.5090809287301226727e+3, 3.3430575583588128105e+4, 6.7265770927008700853e+4,
                         4.5921953931549871457e+4, 1.3731693765509461125e+4, 1.9715909503065514427e+3,
                         1.3314166789178437745e+2, 3.3871328727963666080e+0},
                        {5.2264952788528545610e+3, 2.8729085735721942674e+4, 3.9307895800092710610e+4,
                         2.1213794301586595867e+4, 5.3941960214247511077e+3, 6.8718700749205790830e+2,
                         4.2313330701600911252e+1, 1.0});
  const double r = std::sqrt(-portable_log(tail));
  const double x =
      r <= 5.0 ? rational(r - 1.6,
                          {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
                           1.27045825245236838258e+0, 3.64784832476320460504e+0, 5.76949722146069140550e+0,
                           4.63033784615654529590e+0, 1.42343711074968357734e+0},
                          {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
                           1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e+0,
                           2.05319162663775882187e+0, 1.0})
               : rational(r - 5.0,
                          {2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
                           2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e+0,
                           5.46378491116411436990e+0, 6.65790464350110377720e+0},
                          {2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
                           7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
                           5.99832206555887937690e-1, 1.0});
  return q < 0 ? -x : x;
}

}  // namespace

// By inversion: one uniform number, one normal number, no rejection.
double Rng::normal() {
  const std::uint64_t high = bits(), low = bits();
  const double k = static_cast<double>((high << 32 | low) >> 12) + 0.5;  // 52 bits: never 0, never 1
  const double p = k * 0x1p-52;
  const double q = p - 0.5;  // exact, and so is 1 - p
  return normal_quantile(q, q < 0 ? p : 1 - p);
}

void fill_normal(View out, Rng& rng, Real stddev) {
  for (Real& x : out) x = static_cast<Real>(rng.normal() * static_cast<double>(stddev));
}

void fill_uniform(View out, Rng& rng, Real low, Real high) {
  const double from = low, width = static_cast<double>(high) - from;
  for (Real& x : out) x = static_cast<Real>(from + width * rng.uniform());
}

std::vector<Index> permutation(Index n, Rng& rng) {
  std::vector<Index> order(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
  for (Index i = n - 1; i > 0; --i)
    std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(rng.below(i + 1))]);
  return order;
}

}  // namespace attn
