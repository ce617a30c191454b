// Which heads a converged model keeps when every open head costs λ (Voita et al. 2019, section 5.1): a gate
// in front of every head's W_O, learned together with the weights, L = L_task + λ Σ P(g_h ≠ 0).
#pragma once

#include <cstdint>
#include <vector>

#include "attn/adapt/hard_concrete.hpp"
#include "attn/ops/cross_entropy.hpp"
#include "attn/train/trainer.hpp"

namespace attn {

struct GateConfig {
  HardConcrete gate;
  Real penalty = Real(0.05);             // λ
  Real start = 2;                        // log α of every gate: open
  Real learning_rate = Real(1e-3);       // of the weights
  Real gate_learning_rate = Real(0.05);  // of log α
  Index batch = 32;
  Real clip = 1;
  std::uint64_t seed = 1;  // of the data and of the gates' noise
};

class HeadGates {
 public:
  HeadGates(Model model, const TaskConfig& task, const GateConfig& config);

  // All that later steps depend on, as one row of numbers: whoever holds it can go on elsewhere, bit for bit.
  std::vector<Real> state() const;
  Status restore(const std::vector<Real>& state);

  // One step of weights and gates. The loss is the task's, without the penalty; where it is not finite the
  // step is not taken.
  StepMetrics step();

  const Tensor& log_alpha() const { return log_alpha_; }  // [L, H]
  Tensor gates() const;                                   // [L, H], without noise
  Tensor open() const;                                    // [L, H], P(g ≠ 0)
  Model folded() const;                                   // the gates multiplied into W_O
  const Model& model() const { return model_; }
  Index steps_done() const { return weights_state_.step; }

 private:
  Var loss(CrossEntropy& task, std::vector<Var>& gates, Rng& rng);

  GateConfig config_;
  TaskConfig task_;
  Model model_;
  Parameters gradients_;
  AdamWState weights_state_;
  Tensor log_alpha_, gate_gradients_, noise_, m_, v_;  // [L, H] each; m, v: Adam's moments of log α
  TaskBatch batch_;
  Tape tape_{Tape::Mode::training};
};

}  // namespace attn
