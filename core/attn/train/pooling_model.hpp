// A classifier whose attention looks like an explanation: one row of weights over the words, their mix
// decides. The setting of Jain & Wallace (2019, arXiv 1902.10186, section 2) made small: what changes is only
// what a place knows of its neighbours before the row is computed.
//
//   h = encoder(x),  α = softmax(tanh(h W_a + b_a) q),  logits = (Σ_t α_t h_t W_V) W_o + b_o
//
// The task: twelve words, an odd number of them signed, six words for + and six for -; the class is the sign
// of the sum. The other words mean nothing. So it is known which words the answer follows from.
#pragma once

#include <cstdint>
#include <vector>

#include "attn/ops/cross_entropy.hpp"
#include "attn/train/slots.hpp"

namespace attn {

enum class Encoder {
  single,     // a place knows its word: tanh(x W + b)
  attention,  // one layer of self-attention below, with positions
  recurrent,  // a minimal GRU in both directions: gates see the word and not the state (Feng et al. 2024)
};

class AttentionTap;

struct PoolingConfig {
  Encoder encoder = Encoder::single;
  Index length = 12;
  Index width = 24;  // D
  Index batch = 64;
  Real learning_rate = Real(3e-3);
  Real penalty = 0;  // λ; Pruthi et al. 2020 (arXiv 1909.07913): - λ log(1 - mass on signed words)
  std::uint64_t seed = 1;
};
Status validate(const PoolingConfig& config);

constexpr TokenId signed_words = 12, all_words = 32;  // words below 6 are +, from 6 to 11 -

struct PoolingExam {
  Real loss = 0, accuracy = 0;  // of the task, without the penalty
  Real mass = 0;                // mean weight of the row on signed words
};

// Accounts of which words matter, for M sentences of T words: the weight, the weight times the pull, the
// gradient, and what leaving the word out does.
struct PoolingAccounts {
  std::vector<TokenId> tokens;  // [M, T]
  std::vector<double> logit;    // [M]: of + less that of -; the probability of + is sigmoid of it
  std::vector<double> weight;   // [M, T]: α
  std::vector<double> pull;  // [M, T]: (v_t W_o) of + less that of -; the logits differ by Σ α pull + const
  std::vector<double> gradient;  // [M, T]: |x_t · ∂(difference of logits)/∂x_t|, the row held fixed
  std::vector<double> left_out;  // [M, T]: |p - p without word t|
};

// |sigmoid(a) - sigmoid(b)| with the digits that the probabilities themselves lose close to one.
double change_of_answer(double a, double b);

class PoolingModel {
 public:
  explicit PoolingModel(const PoolingConfig& config);  // a valid one

  // All that later steps depend on, as one row: whoever holds it can go on elsewhere, bit for bit.
  std::vector<Real> state() const { return slots_.state(); }
  Status restore(const std::vector<Real>& state) { return slots_.restore(state); }

  StepMetrics step();  // where the loss is not finite the step is not taken
  PoolingExam evaluate(Index batch);
  PoolingAccounts accounts(Index sentences);  // of sentences that training does not see
  Index steps_done() const { return slots_.steps(); }
  Index parameters() const { return slots_.size(); }

 private:
  using Slot = Slots::Slot;
  struct Words {
    std::vector<TokenId> tokens, backwards, mirror,
        targets;                // [B, T]; mirror: places of the reversed sentence
    std::vector<Real> allowed;  // 1 where the word is not signed
    Index batch = 0, length = 0;
  };
  struct Pass {
    Var x, reversed;      // embeddings, [B, T, D]; the second of a recurrent encoder only
    Var keys, values;     // [B, T, 1, D]
    Var logits, allowed;  // [B, 2]; [B, 1, 1, 1]: what the row spends on words without a sign
  };
  Words draw(Index batch, Rng& rng) const;
  static void arrange(Words& words);  // all but the tokens
  Pass forward(Tape& tape, const Words& words, const AttentionTap* account = nullptr);
  Var encode(Tape& tape, const Words& words, Pass& pass, bool watch);
  Var scan(Tape& tape, Var x, const Words& words, int direction);
  std::vector<double> logits(const Words& words);
  void account_gradients(const Words& words, PoolingAccounts& out);

  PoolingConfig config_;
  Slots slots_;
  Slot embedding_, position_, in_, in_bias_, query_, key_, value_, output_;
  Slot gate_[2], gate_bias_[2], candidate_[2], read_[2];
  Slot asks_, score_, score_bias_, carried_, classes_, classes_bias_;
  Words words_;
  Tape tape_{Tape::Mode::training}, evaluation_{Tape::Mode::inference};
};

}  // namespace attn
