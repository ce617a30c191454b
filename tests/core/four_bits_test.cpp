#include "attn/adapt/four_bits.hpp"

#include <doctest.h>

#include <cmath>

#include "attn/math/random.hpp"

using namespace attn;

namespace {

double d(Real x) { return static_cast<double>(x); }

std::vector<Real> normal(Index n) {
  Rng rng(4);
  std::vector<Real> out;
  for (Index i = 0; i < n; ++i) out.push_back(static_cast<Real>(rng.normal()));
  return out;
}

}  // namespace

TEST_CASE("four bits: NF4 is the table of bitsandbytes, from quantiles") {
  const double table[] = {-1.0,
                          -0.6961928009986877,
                          -0.5250730514526367,
                          -0.39491748809814453,
                          -0.28444138169288635,
                          -0.18477343022823334,
                          -0.09105003625154495,
                          0.0,
                          0.07958029955625534,
                          0.16093020141124725,
                          0.24611230194568634,
                          0.33791524171829224,
                          0.44070982933044434,
                          0.5626170039176941,
                          0.7229568362236023,
                          1.0};
  const std::vector<Real> got = levels(FourBits::normal_float);
  REQUIRE(got.size() == 16);
  for (std::size_t i = 0; i < 16; ++i) CHECK(std::fabs(d(got[i]) - table[i]) < 2e-7);
  for (const FourBits code : {FourBits::integer, FourBits::floating}) {
    const std::vector<Real> other = levels(code);
    CHECK(other.size() == 15);
    CHECK(other.front() == -1);
    CHECK(other[7] == 0);
    CHECK(other.back() == 1);
  }
}

TEST_CASE("four bits: every weight goes to the nearest level, and levels go to themselves") {
  const std::vector<Real> w = normal(640);
  for (const FourBits code : {FourBits::normal_float, FourBits::integer, FourBits::floating}) {
    const std::vector<Real> level = levels(code);
    const Quantised q = quantise(w.data(), 640, code, 64);
    CHECK(q.blocks == 10);
    Index all = 0;
    for (const Index n : q.used) all += n;
    CHECK(all == 640);
    for (std::size_t i = 0; i < w.size(); ++i) {
      double most = 0, best = 1e9;
      for (std::size_t j = i / 64 * 64; j < i / 64 * 64 + 64; ++j) most = std::max(most, std::fabs(d(w[j])));
      for (const Real x : level) best = std::min(best, std::fabs(d(x) * most - d(w[i])));
      CHECK(std::fabs(d(q.values[i]) - d(w[i])) == doctest::Approx(best).epsilon(1e-5));
    }
    const Quantised again = quantise(level.data(), static_cast<Index>(level.size()), code, 64);
    CHECK(again.squared_error == 0);
  }
  const std::vector<Real> zeros(70);
  const Quantised none = quantise(zeros.data(), 70, FourBits::integer, 64);
  CHECK(none.values == zeros);
  CHECK(none.relative_error() == 0);
  CHECK_THROWS_AS(quantise(zeros.data(), 70, FourBits::integer, 0), ShapeError);
}

TEST_CASE("four bits: NF4 is best for normal numbers, evenly spaced levels for uniform ones") {
  const Index n = 65536;
  const std::vector<Real> w = normal(n);
  const auto error = [n](const std::vector<Real>& x, FourBits code) {
    return quantise(x.data(), n, code, 64).relative_error();
  };
  CHECK(error(w, FourBits::normal_float) == doctest::Approx(0.092).epsilon(0.02));
  CHECK(error(w, FourBits::integer) == doctest::Approx(0.108).epsilon(0.02));
  CHECK(error(w, FourBits::floating) > error(w, FourBits::integer));
  std::vector<Real> flat(w.size());
  Rng rng(9);
  for (Real& x : flat) x = static_cast<Real>(2 * rng.uniform() - 1);
  CHECK(error(flat, FourBits::integer) == doctest::Approx(0.070).epsilon(0.02));
  CHECK(error(flat, FourBits::integer) < error(flat, FourBits::normal_float));
  // Its levels are not used equally: the largest of 64 is not what one quantile of sixteen is.
  const Quantised q = quantise(w.data(), n, FourBits::normal_float, 64);
  CHECK(q.entropy() < 3.95);
  CHECK(q.entropy() > 3.8);
}

TEST_CASE("four bits: double quantisation saves 0.373 bits at blocks of 64 and hardly moves a weight") {
  CHECK(bits_per_weight(64, false) == doctest::Approx(4.5));
  CHECK(bits_per_weight(64, true) == doctest::Approx(4 + 8.0 / 64 + 32.0 / (64 * 256)));
  const std::vector<Real> w = normal(65536);
  const double once = quantise(w.data(), 65536, FourBits::normal_float, 64).relative_error();
  const double twice = quantise(w.data(), 65536, FourBits::normal_float, 64, true).relative_error();
  CHECK(twice == doctest::Approx(once).epsilon(0.01));
  CHECK(twice != once);
}
