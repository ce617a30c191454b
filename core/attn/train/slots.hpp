// The weights of a small model that is not a transformer: one row, cut into slots, with the optimiser beside
// it. What recall_model.hpp, parity_model.hpp, pooling_model.hpp and schema_model.hpp train.
#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "attn/ops/cross_entropy.hpp"
#include "attn/train/trainer.hpp"

namespace attn {

// Whether a configuration's number keeps its bounds; the refusal names them.
template <class T>
Status in_range(const char* name, T value, std::type_identity_t<T> low, std::type_identity_t<T> high) {
  if (value >= low && value <= high) return Unit{};
  return Error{ErrorCode::out_of_range,
               std::string(name) + " must be in [" + std::to_string(low) + ", " + std::to_string(high) + "]"};
}
inline Status valid_learning_rate(Real rate) {
  if (rate > 0 && rate <= 1) return Unit{};
  return Error{ErrorCode::out_of_range, "learning_rate must be in (0, 1]"};
}

// One step of AdamW on a row of weights whose gradients are there: they are clipped, nothing decays. Not
// taken where the loss or a gradient is not finite.
StepMetrics step_of_row(std::vector<Real>& weights, std::vector<Real>& gradients, std::vector<Real>& m,
                        std::vector<Real>& v, Index& steps, Real loss, Real accuracy, Real learning_rate);

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
