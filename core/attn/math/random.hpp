// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers:
// as easy as 1, 2, 3"). The same bits on every platform and build, native and WASM, so a seed
// printed under a figure reproduces it anywhere.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "attn/base/tensor.hpp"

namespace attn {

// The bare generator: 128 bits of counter and 64 of key give 128 random bits.
using PhiloxBlock = std::array<std::uint32_t, 4>;
PhiloxBlock philox4x32_10(PhiloxBlock counter, std::uint32_t key0, std::uint32_t key1);

class Rng {
 public:
  // Different streams of one seed are independent: initialisation, data and evaluation take one each.
  explicit Rng(std::uint64_t seed, std::uint64_t stream = 0);

  std::uint32_t bits();  // 32 uniform bits
  double uniform();      // [0, 1), 53 bits
  Index below(Index n);  // uniform integer in [0, n), unbiased; n >= 1
  double normal();       // standard normal; pure IEEE arithmetic, so bit-identical everywhere

  // Complete state; restoring it continues the sequence exactly.
  struct State {
    std::uint64_t seed, stream, counter;  // counter counts 32-bit outputs already taken
    bool operator==(const State& o) const {
      return seed == o.seed && stream == o.stream && counter == o.counter;
    }
  };
  State state() const;
  static Rng restore(const State& state);

 private:
  void refill();
  std::uint64_t seed_, stream_, counter_ = 0;
  PhiloxBlock block_{};
};

void fill_normal(View out, Rng& rng, Real stddev);
void fill_uniform(View out, Rng& rng, Real low, Real high);
std::vector<Index> permutation(Index n, Rng& rng);  // Fisher–Yates

}  // namespace attn
