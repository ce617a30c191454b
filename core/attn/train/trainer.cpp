#include "attn/train/trainer.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "attn/math/vector.hpp"
#include "attn/ops/cross_entropy.hpp"
#include "attn/train/trainer_state.hpp"

namespace attn {

namespace {

TrainerState fresh_state(const TrainConfig& config) {
  TrainerState state{Model{config.model, Parameters(config.model)}, AdamWState{},
                     stream(config.seed, Stream::data), 0};
  Rng init = stream(config.seed, Stream::init);
  initialise(state.model.parameters, config.model, init);
  return state;
}

void zero_moments(AdamWState& adamw, Index size) {
  adamw.m.assign(static_cast<std::size_t>(size), Real(0));
  adamw.v.assign(static_cast<std::size_t>(size), Real(0));
}

}  // namespace

Result<std::unique_ptr<Trainer>> Trainer::create(const TrainConfig& config) {
  if (const Status status = validate(config); !status) return status.error();
  return std::unique_ptr<Trainer>(std::make_unique<TrainerCore>(config));
}

TrainerCore::TrainerCore(const TrainConfig& config) : TrainerCore(config, fresh_state(config)) {}

TrainerCore::TrainerCore(const TrainConfig& config, TrainerState state)
    : config_(config), state_(std::move(state)), gradients_(config.model) {
  if (config_.schedule.kind != ScheduleKind::constant && config_.schedule.total == 0)
    config_.schedule.total = config_.steps;
  if (state_.adamw.m.empty()) zero_moments(state_.adamw, state_.model.parameters.size());
  last_finite_ = state_;
}

// Into memory that is already there: no allocation.
void TrainerCore::keep_for_return() {
  const ConstView weights = std::as_const(state_.model.parameters).flat();
  const AdamWState& adamw = state_.adamw;
  vec::copy(weights.data, last_finite_.model.parameters.flat().data, weights.size());
  vec::copy(adamw.m.data(), last_finite_.adamw.m.data(), weights.size());
  vec::copy(adamw.v.data(), last_finite_.adamw.v.data(), weights.size());
  last_finite_.adamw.step = adamw.step;
  last_finite_.data = state_.data;
  last_finite_.steps = state_.steps;
}

// The batch's loss on the tape. Rows before the first position that counts matter by their keys and values
// alone: the last layer leaves out the rest of them; and what the first layer reads is added up from tables.
// Loss and gradients are the same up to rounding.
CrossEntropy TrainerCore::loss() {
  ForwardOptions options;
  options.gradients = &gradients_;
  const bool some = takes_tails(config_.model) && asked_.take(batch_);
  if (some) options.tails = asked_.starts.data();
  options.tables = true;
  return cross_entropy(tape_, forward(tape_, state_.model, batch_.inputs, options),
                       some ? asked_.targets.data() : batch_.targets.data(),
                       some ? asked_.weights.data() : batch_.weights.data());
}

// #region trainer-step
StepMetrics TrainerCore::step() {
  const Rng before_batch = state_.data;
  make_batch(config_.task, config_.batch, state_.data, batch_);

  // 1. forward: the loss over the positions that count
  tape_.reset();
  const CrossEntropy ce = loss();

  // 2. backward: every parameter's gradient, added to zeros
  vec::fill(0, gradients_.flat().data, gradients_.size());
  tape_.backward(ce.loss);

  // 3. clip and update
  StepMetrics metrics;
  metrics.loss = tape_.value(ce.loss)[0];
  metrics.accuracy = ce.accuracy;
  metrics.grad_norm = clip_gradients(gradients_.flat(), config_.clip);
  metrics.learning_rate = learning_rate(config_.schedule, state_.steps);
  if (!std::isfinite(metrics.loss) || !std::isfinite(metrics.grad_norm)) {
    // The latest update broke the model: undo it.
    state_ = last_finite_;
    metrics.step = state_.steps;
    return metrics;
  }
  keep_for_return();
  last_finite_.data = before_batch;
  adamw_step(state_.model.parameters, gradients_.flat(), state_.adamw, config_.adamw, metrics.learning_rate);
  metrics.step = ++state_.steps;
  return metrics;
}
// #endregion

StepMetrics TrainerCore::evaluate(const TaskBatch& batch) {
  evaluation_.reset();
  const Var logits = forward(evaluation_, state_.model, batch.inputs);
  const CrossEntropy ce = cross_entropy(evaluation_, logits, batch.targets.data(), batch.weights.data());
  StepMetrics metrics;
  metrics.step = state_.steps;
  metrics.loss = evaluation_.value(ce.loss)[0];
  metrics.accuracy = ce.accuracy;
  return metrics;
}

}  // namespace attn
