// How much a memory holds, without any training: random keys are bound to random values, some of them again
// and again, and then every key is asked once (Schlag, Irie & Schmidhuber 2021, section 6.1, in spirit).
#pragma once

#include <cstdint>

#include "attn/base/tensor.hpp"

namespace attn {

// What a memory does with one pair after another.
enum class MemoryKind { additive, decayed, delta, softmax, softmax_recent };
inline constexpr int memory_kinds = 5;

struct CapacityConfig {
  Index keys = 16;
  Index width = 32;    // of keys and values; a state is width × width
  Index versions = 1;  // times that every key is bound, each time to another value; the last one is asked for
  Index codebook = 64;      // values are codewords, random vectors of length one
  Real similarity = 0;      // share of a key's energy that all keys have in common, in [0, 1)
  Real alpha = Real(0.97);  // decayed: S <- α S + v kᵀ
  Real beta = 1;            // delta
  Real sharpness = 8;       // softmax of sharpness · q·k
  Real slope = Real(0.25);  // softmax_recent: less slope · (writes since)
  Index trials = 20;
  std::uint64_t seed = 1;
};

// Share of keys whose read lies nearest to the codeword bound last: one number per kind, [memory_kinds].
Tensor memory_capacity(const CapacityConfig& config);

}  // namespace attn
