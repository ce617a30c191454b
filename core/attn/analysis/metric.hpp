// One number about the logits that an intervention is judged by.
#pragma once

#include <vector>

#include "attn/model/transformer.hpp"

namespace attn {

// What is expected at one position of one sequence, and (for a logit difference) instead of what.
struct Answer {
  Index sequence = 0, position = 0;
  TokenId right = 0, wrong = -1;  // wrong = -1: the logit of `right` alone
};

struct Metric {
  enum class Kind {
    logit_difference,  // logit(right) - logit(wrong): Zhang & Nanda 2023, section 2.1
    loss,              // -log p(right), nats
    probability,       // p(right): what causal tracing measures (Meng et al. 2022, section 2.1)
    // logit(right) less the mean of all logits: needs no rival, ignores a shift of the whole row (as softmax
    // does), and unlike the loss it does not go flat where the model is sure.
    centred_logit,
  };
  Kind kind = Kind::logit_difference;
  std::vector<Answer> answers;  // the metric is their mean
};

Real measure(const Metric& metric, ConstView logits);  // logits: [B, T, V]
// The share of answers whose `right` has the largest logit.
Real accuracy(const Metric& metric, ConstView logits);
// The same as one number on the tape; the metric must live as long as the tape's passes.
Var measure(Tape& tape, Var logits, const Metric& metric);

// The loss of predicting every next token of the batch, padding left out.
Metric next_token_loss(const TokenBatch& batch);

}  // namespace attn
