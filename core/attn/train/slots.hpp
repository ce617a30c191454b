// The weights of a small model that is not a transformer: one row, cut into slots, with the optimiser beside
// it. What recall_model.hpp and parity_model.hpp train.
#pragma once

#include <vector>

#include "attn/ops/cross_entropy.hpp"
#include "attn/train/trainer.hpp"

namespace attn {

class Slots {
 public:
  struct Slot {
    Index offset = 0;
    Shape shape;
  };

  // A new slot of normal numbers; all slots are added before the first step.
  Slot add(const Shape& shape, Real deviation, Rng& rng);
  void set(const Slot& slot, Real value);
  Index size() const { return static_cast<Index>(weights_.size()); }
  ConstView value(const Slot& slot) const { return {weights_.data() + slot.offset, slot.shape}; }
  // On a training tape a parameter whose gradient step() will use, else a constant.
  Var on(Tape& tape, const Slot& slot);

  // One step of AdamW from the loss on the tape; not taken where loss or gradient is not finite.
  StepMetrics step(Tape& tape, const CrossEntropy& loss, Real learning_rate);
  Index steps() const { return steps_; }

  // All that later steps depend on, as one row (run_state in adamw.hpp).
  std::vector<Real> state() const;
  Status restore(const std::vector<Real>& state);

 private:
  std::vector<Real> weights_, gradients_, m_, v_;
  Index steps_ = 0;
};

}  // namespace attn
