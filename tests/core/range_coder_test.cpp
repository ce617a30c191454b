#include "attn/io/range_coder.hpp"

#include <doctest.h>

#include <cmath>

#include "attn/math/random.hpp"

using attn::io::BitContext;
using attn::io::RangeDecoder;
using attn::io::RangeEncoder;

namespace {

std::vector<bool> coin(std::uint64_t seed, int n, int ones_of_1024) {
  attn::Rng rng(seed);
  std::vector<bool> bits;
  for (int i = 0; i < n; ++i) bits.push_back(rng.below(1024) < ones_of_1024);
  return bits;
}

std::vector<std::uint8_t> encoded(const std::vector<bool>& bits) {
  RangeEncoder out;
  BitContext context;
  for (const bool bit : bits) out.put(context, bit);
  return out.finish();
}

}  // namespace

TEST_CASE("range coder: what went in comes out, to the last byte") {
  for (const int ones : {0, 1, 30, 512, 1000, 1024})
    for (const int n : {0, 1, 7, 1000, 60000}) {
      const std::vector<bool> bits = coin(static_cast<std::uint64_t>(ones + n), n, ones);
      const auto bytes = encoded(bits);
      RangeDecoder in(bytes.data(), bytes.size());
      BitContext context;
      bool same = true;
      for (const bool bit : bits) same = same && in.get(context) == bit;
      CHECK(same);
      CHECK(in.at_end());
    }
}

// The entropy of a coin of p = 1/32 is 0.2006 bits, of a fair one 1; the adapting context costs a few
// percent.
TEST_CASE("range coder: the size is the entropy and little more") {
  const int n = 200000;
  for (const int ones : {32, 256, 512}) {
    const double p = ones / 1024.0, entropy = -p * std::log2(p) - (1 - p) * std::log2(1 - p);
    const double bits = 8.0 * static_cast<double>(encoded(coin(9, n, ones)).size());
    CHECK(bits > 0.98 * entropy * n);
    CHECK(bits < 1.05 * entropy * n);
  }
}

TEST_CASE("range coder: a stream cut short or prolonged is noticed") {
  const std::vector<bool> bits = coin(3, 5000, 300);
  auto bytes = encoded(bits);
  for (const int change : {-1, 1}) {
    auto other = bytes;
    other.resize(static_cast<std::size_t>(static_cast<int>(bytes.size()) + change));
    RangeDecoder in(other.data(), other.size());
    BitContext context;
    for (std::size_t i = 0; i < bits.size(); ++i) (void)in.get(context);
    CHECK_FALSE(in.at_end());
  }
  RangeDecoder none(nullptr, 0);
  CHECK(none.overrun());
}
