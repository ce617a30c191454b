#include "attn/math/random.hpp"

#include <doctest.h>

#include <cmath>
#include <set>

using namespace attn;

TEST_CASE("Philox4x32-10: the known-answer vectors of Random123 (kat_vectors)") {
  CHECK(philox4x32_10({0, 0, 0, 0}, 0, 0) == PhiloxBlock{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u});
  CHECK(philox4x32_10({~0u, ~0u, ~0u, ~0u}, ~0u, ~0u) ==
        PhiloxBlock{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu});
  CHECK(philox4x32_10({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, 0xa4093822u, 0x299f31d0u) ==
        PhiloxBlock{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u});
}

TEST_CASE("the generator hands out the blocks in order, keyed by the seed, counted by block and stream") {
  Rng rng(0x0123456789abcdefu, 0xfedcba9876543210u);
  for (std::uint32_t block = 0; block < 3; ++block) {
    const PhiloxBlock expected =
        philox4x32_10({block, 0, 0x76543210u, 0xfedcba98u}, 0x89abcdefu, 0x01234567u);
    for (std::uint32_t word : expected) CHECK(rng.bits() == word);
  }
}

TEST_CASE("restoring a state continues the sequence exactly, from any position in a block") {
  for (int taken = 0; taken < 9; ++taken) {
    Rng rng(42, 7);
    for (int i = 0; i < taken; ++i) rng.bits();
    const Rng::State state = rng.state();
    CHECK(state.counter == static_cast<std::uint64_t>(taken));
    Rng again = Rng::restore(state);
    CHECK(again.state() == state);
    for (int i = 0; i < 10; ++i) CHECK(again.bits() == rng.bits());
  }
}

TEST_CASE("seeds and streams differ from one another") {
  std::set<std::uint32_t> first;
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (std::uint64_t stream = 0; stream < 20; ++stream) first.insert(Rng(seed, stream).bits());
  CHECK(first.size() == 400);
}

TEST_CASE("uniform: within [0, 1), mean 1/2, variance 1/12, streams uncorrelated") {
  Rng x(1, 0), y(1, 1);
  const int n = 100000;
  double sum = 0, squares = 0, product = 0;
  for (int i = 0; i < n; ++i) {
    const double u = x.uniform(), v = y.uniform();
    REQUIRE((u >= 0 && u < 1));
    sum += u;
    squares += u * u;
    product += (u - 0.5) * (v - 0.5);
  }
  // Five standard errors each.
  CHECK(std::fabs(sum / n - 0.5) < 5 * std::sqrt(1.0 / 12 / n));
  CHECK(std::fabs(squares / n - 1.0 / 3) < 5 * std::sqrt(4.0 / 45 / n));
  CHECK(std::fabs(product / n) < 5 * std::sqrt(1.0 / 144 / n));
}

TEST_CASE("below: every value equally often, bounds respected, small ranges unbiased") {
  Rng rng(3);
  const int n = 70000;
  int counts[7] = {};
  for (int i = 0; i < n; ++i) {
    const Index k = rng.below(7);
    REQUIRE((k >= 0 && k < 7));
    ++counts[k];
  }
  double chi2 = 0;
  for (int c : counts) chi2 += (c - n / 7.0) * (c - n / 7.0) / (n / 7.0);
  CHECK(chi2 < 27.9);  // 6 degrees of freedom, p = 1e-4
  CHECK(rng.below(1) == 0);
  CHECK_THROWS_AS(rng.below(0), ShapeError);
}

TEST_CASE("normal: moments, and the quantile of known probabilities in the tails") {
  Rng rng(4);
  const int n = 200000;
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
  int beyond_two = 0;
  for (int i = 0; i < n; ++i) {
    const double z = rng.normal();
    REQUIRE(std::isfinite(z));
    m1 += z;
    m2 += z * z;
    m3 += z * z * z;
    m4 += z * z * z * z;
    beyond_two += std::fabs(z) > 2;
  }
  // Five standard errors: Var z = 1, Var z² = 2, Var z³ = 15, Var z⁴ = 96.
  CHECK(std::fabs(m1 / n) < 5 * std::sqrt(1.0 / n));
  CHECK(std::fabs(m2 / n - 1) < 5 * std::sqrt(2.0 / n));
  CHECK(std::fabs(m3 / n) < 5 * std::sqrt(15.0 / n));
  CHECK(std::fabs(m4 / n - 3) < 5 * std::sqrt(96.0 / n));
  const double p = std::erfc(2 / std::sqrt(2.0));
  CHECK(std::fabs(beyond_two / double(n) - p) < 5 * std::sqrt(p * (1 - p) / n));
}

TEST_CASE("normal inverts the distribution function: Φ(z) is the uniform number it was made from") {
  Rng a(5), b(5);
  double worst = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t high = b.bits(), low = b.bits();
    const double u = (static_cast<double>((high << 32 | low) >> 12) + 0.5) * 0x1p-52;
    const double z = a.normal();
    const double tail = std::erfc(std::fabs(z) / std::sqrt(2.0)) / 2, expected = u < 0.5 ? u : 1 - u;
    worst = std::fmax(worst, std::fabs(tail / expected - 1));
    REQUIRE((z < 0) == (u < 0.5));
  }
  INFO("worst relative error of the tail " << worst);
  CHECK(worst < 1e-12);
}

TEST_CASE("permutation: a bijection, and each of the six orders of three about equally often") {
  Rng rng(6);
  const std::vector<Index> p = permutation(100, rng);
  CHECK(std::set<Index>(p.begin(), p.end()).size() == 100);
  CHECK(permutation(0, rng).empty());
  int counts[6] = {};
  for (int i = 0; i < 6000; ++i) {
    const std::vector<Index> q = permutation(3, rng);
    ++counts[q[0] * 2 + (q[1] > q[2])];
  }
  for (int c : counts) CHECK(std::abs(c - 1000) < 5 * 29);
}

TEST_CASE("fills") {
  Rng rng(7);
  Tensor t(Shape{64, 64});
  fill_uniform(t, rng, -2, 6);
  double mean = 0;
  for (Real v : t.data) {
    REQUIRE((v >= -2 && v <= 6));
    mean += static_cast<double>(v) / 4096;
  }
  CHECK(std::fabs(mean - 2) < 5 * 8 / std::sqrt(12.0 * 4096));
  fill_normal(t, rng, Real{0.5});
  double var = 0;
  for (Real v : t.data) var += static_cast<double>(v) * static_cast<double>(v) / 4096;
  CHECK(std::fabs(var - 0.25) < 5 * 0.25 * std::sqrt(2.0 / 4096));
}
