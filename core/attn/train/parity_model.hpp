// One layer that must keep a bit: after every token, were the ones so far even or odd? The smallest question
// about state (the word problem of Z_2; Merrill, Petty & Sabharwal 2024, arXiv 2404.08819; Grazzi et al.
// 2025, arXiv 2411.12537, section 3). All mixers read the same embeddings and are read by the same MLP.
#pragma once

#include <cstdint>
#include <vector>

#include "attn/ops/cross_entropy.hpp"
#include "attn/train/slots.hpp"

namespace attn {

enum class ParityMixer {
  positive,   // h_t = a_t h_{t-1} + v_t, a_t = σ(·) in (0, 1), channel by channel
  signed_,    // the same, a_t = tanh(·) in (-1, 1)
  exact,      // a_t = 1 at a zero, -1 at a one, and h_0 = a_0, all given; only the reading is trained
  attention,  // softmax over the past, learned positions
};

struct ParityConfig {
  ParityMixer mixer = ParityMixer::signed_;
  Index length = 16;    // of training sequences
  Index longest = 256;  // of any sequence: learned positions must exist
  Index width = 16;     // D
  Index channels = 8;   // of the recurrence; width of the head of attention
  Index hidden = 32;    // of the MLP
  Index batch = 64;
  Real learning_rate = Real(5e-3);
  std::uint64_t seed = 1;
};
Status validate(const ParityConfig& config);

class ParityModel {
 public:
  explicit ParityModel(const ParityConfig& config);  // a valid one

  // All that later steps depend on, as one row: whoever holds it can go on elsewhere, bit for bit.
  std::vector<Real> state() const { return slots_.state(); }
  Status restore(const std::vector<Real>& state) { return slots_.restore(state); }

  StepMetrics step();  // where the loss is not finite the step is not taken
  // Share of right answers at the last `last` places of `batch` sequences that training does not see.
  StepMetrics evaluate(Index length, Index batch, Index last);
  Index steps_done() const { return slots_.steps(); }
  // a(0), a(1) of every channel, [2, channels]; empty for attention.
  Tensor gates() const;

 private:
  using Slot = Slots::Slot;
  Var mixed(Tape& tape, Var x, Index batch, Index length);
  Var gate(Tape& tape, Index batch, Index length);
  Var first_sign(Tape& tape, Index batch, Index length);
  CrossEntropy loss(Tape& tape, Index batch, Index length);
  void draw(Index batch, Index length, Index counted, Rng& rng);

  ParityConfig config_;
  Slots slots_;
  Slot embedding_, gate_, value_, read_, query_, key_, position_, in_, in_bias_, out_, out_bias_;
  std::vector<TokenId> tokens_, targets_;
  std::vector<Real> counted_;
  Tensor exact_;  // [2, channels]
  Tape tape_{Tape::Mode::training}, evaluation_{Tape::Mode::inference};
};

}  // namespace attn
