// Next-token loss: the mean of -log p(target) over the positions that count.
#pragma once

#include "attn/ops/tape.hpp"

namespace attn {

struct CrossEntropy {
  Var loss;           // one number, nats: Σ w_i (-log p_i) / Σ w_i; 0 when nothing counts
  Real accuracy = 0;  // weighted share of counted positions whose largest logit is the target
  Real weight = 0;    // Σ w_i
};

// logits: [.., V] with N rows; targets, weights: N entries that live as long as the tape's values; null
// weights count every position. A position of weight 0 is not looked at, so its target may be anything.
CrossEntropy cross_entropy(Tape& tape, Var logits, const TokenId* targets, const Real* weights);

}  // namespace attn
