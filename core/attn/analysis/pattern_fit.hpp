// Which patterns a head of width d can express: free queries and keys fitted to a given one
// (Bhojanapalli et al. 2020, "Low-Rank Bottleneck in Multi-head Attention Models", Theorem 1).
#pragma once

#include <vector>

#include "attn/base/tensor.hpp"

namespace attn {

struct PatternFit {
  Index width = 1;     // d
  Index steps = 2000;  // of Adam (weight decay 0), the rate decayed to 0 along a cosine
  Real learning_rate = Real(0.1);
  std::uint64_t seed = 1;
};

struct FittedPattern {
  Tensor query, key;    // [n, d]
  Tensor pattern;       // [n, n] = softmax(Q Kᵀ / √d)
  Real divergence = 0;  // mean over rows of KL(target ‖ pattern), nats
  Real scale = 0;       // mean over rows of |q_i| · max_j |k_j| / √d: how loud the head has to speak
};

// target: [n, n], rows are distributions. Throws ShapeError when it is not square, when a row is none or d
// < 1.
FittedPattern fit_pattern(ConstView target, const PatternFit& options);

// Mean over rows of KL(target ‖ pattern) in nats, 0 log 0 = 0; both [n, n].
Real pattern_divergence(ConstView target, ConstView pattern);

// rank(log P + row constants) decides whether width d suffices: log P = Q Kᵀ/√d − 1·cᵀ… has rank ≤ d + 1.
// Keys on a circle, d = 2: k_j = (cos 2πj/n, sin 2πj/n), q_i = β k_π(i). Writes softmax(Q Kᵀ), [n, n].
Tensor circle_pattern(const std::vector<Index>& target, Real beta);

}  // namespace attn
