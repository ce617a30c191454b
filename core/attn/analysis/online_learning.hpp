// A memory that learns while it reads: a stream of pairs v = M k + noise whose M changes on the way, and what
// each write rule makes of it (Sun et al. 2024, TTT, arXiv 2407.04620, section 2: the state is a model, a
// write is a step of its training).
#pragma once

#include <cstdint>

#include "attn/base/tensor.hpp"

namespace attn {

enum class Learner { additive, decayed, delta, gated, window };
inline constexpr int learner_kinds = 5;

struct StreamConfig {
  Index width = 16;
  Index tokens = 256;
  Index change = 128;       // before this token M is one map, from it on another
  Real noise = Real(0.1);   // on every value, by the length of a value
  Real alpha = Real(0.95);  // decayed, gated: what a step leaves of the past
  Real beta = Real(0.5);    // delta, gated
  Index window = 32;        // window: softmax over the last so many pairs
  Real sharpness = 8;       // of that softmax
  Index trials = 20;
  std::uint64_t seed = 1;
};

// Relative error ‖prediction - M k‖ / ‖M k‖ for a fresh key, before the t-th pair is written, mean over
// trials: [learner_kinds, tokens]. An additive or decayed sum is divided by the number of pairs that it holds
// times the mean of k kᵀ (the identity over width), or nothing could be read from it at all.
Tensor online_errors(const StreamConfig& config);

}  // namespace attn
