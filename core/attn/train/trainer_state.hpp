// The one implementation of Trainer, shared by trainer.cpp (steps) and snapshot.cpp (storing).
#pragma once

#include "attn/ops/cross_entropy.hpp"
#include "attn/train/asked_rows.hpp"
#include "attn/train/trainer.hpp"

namespace attn {

// All that a later step depends on.
struct TrainerState {
  Model model;
  AdamWState adamw;
  Rng data{0};
  Index steps = 0;
};

class TrainerCore final : public Trainer {
 public:
  // A fresh run. The config is valid.
  explicit TrainerCore(const TrainConfig& config);
  TrainerCore(const TrainConfig& config, TrainerState state);

  StepMetrics step() override;
  StepMetrics evaluate(const TaskBatch& batch) override;

  const TrainConfig& config() const override { return config_; }
  const Model& model() const override { return state_.model; }
  Model& mutable_model() override { return state_.model; }
  Index steps_done() const override { return state_.steps; }
  std::vector<std::uint8_t> snapshot() const override;

 private:
  void keep_for_return();
  CrossEntropy loss();

  TrainConfig config_;
  TrainerState state_;
  TrainerState last_finite_;  // the state before the latest update: its loss was finite
  Parameters gradients_;
  TaskBatch batch_;
  AskedRows asked_;
  Tape tape_{Tape::Mode::training};
  Tape evaluation_{Tape::Mode::inference};
};

}  // namespace attn
