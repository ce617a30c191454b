// One layer that must recall: pairs are read once, then asked after (multi-query associative recall, Arora et
// al. 2023, Zoology). Everything but the memory is the same for all: keys come from the token before, values
// and queries from the token itself, so a pair lies in the memory as soon as its value was read.
//
//   k_t = x_{t-1} W_K,  v_t = x_t W_V,  q_t = x_t W_Q,  logits_t = (x_t + memory(q, k, v)_t W_O) W_U
#pragma once

#include <cstdint>
#include <vector>

#include "attn/ops/cross_entropy.hpp"
#include "attn/train/slots.hpp"

namespace attn {

enum class Memory {
  softmax,   // every pair is kept: softmax(q Kᵀ / √d) V
  additive,  // S + v kᵀ
  positive,  // the same of elu + 1 features, with linear attention's denominator
  decayed,   // α_t S + v kᵀ, α_t = σ(x_t w + b)
  delta,     // S (I - β k kᵀ) + β v kᵀ, keys of length one, β_t = σ(x_t w + b)
  gated,     // both gates
};

struct RecallConfig {
  Memory memory = Memory::softmax;
  TaskConfig task;       // kind recall
  Index width = 32;      // D, and the width of a value
  Index key_width = 16;  // d
  Index batch = 64;
  Real learning_rate = Real(3e-3);
  std::uint64_t seed = 1;
};
Status validate(const RecallConfig& config);

class RecallModel {
 public:
  explicit RecallModel(const RecallConfig& config);  // a valid one

  // All that later steps depend on, as one row: whoever holds it can go on elsewhere, bit for bit.
  std::vector<Real> state() const { return slots_.state(); }
  Status restore(const std::vector<Real>& state) { return slots_.restore(state); }

  StepMetrics step();                 // where the loss is not finite the step is not taken
  StepMetrics evaluate(Index batch);  // on sequences that training does not see
  Index steps_done() const { return slots_.steps(); }
  Index parameters() const { return slots_.size(); }
  // Numbers of memory that a sequence of `tokens` tokens leaves for the next one.
  Index memory_numbers(Index tokens) const;

 private:
  using Slot = Slots::Slot;
  Var memory(Tape& tape, Var x, Var before);
  CrossEntropy loss(Tape& tape);

  RecallConfig config_;
  Slots slots_;
  Slot embedding_, query_, key_, value_, output_, unembedding_, alpha_, alpha_bias_, beta_, beta_bias_;
  TaskBatch batch_;
  std::vector<TokenId> previous_;  // [B, T], V where there is none
  Tape tape_{Tape::Mode::training}, evaluation_{Tape::Mode::inference};
};

}  // namespace attn
