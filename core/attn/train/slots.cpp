#include "attn/train/slots.hpp"

#include <algorithm>
#include <cmath>

#include "attn/train/adamw.hpp"

namespace attn {
namespace {

constexpr AdamWConfig adam{Real(0.9), Real(0.98), Real(1e-8), 0};
constexpr Real gradient_limit = 1;

}  // namespace

Slots::Slot Slots::add(const Shape& shape, Real deviation, Rng& rng) {
  const Slot slot{size(), shape};
  const std::size_t all = weights_.size() + static_cast<std::size_t>(shape.size());
  for (std::vector<Real>* each : {&weights_, &gradients_, &m_, &v_}) each->resize(all);
  if (deviation > 0) fill_normal(View(weights_.data() + slot.offset, shape), rng, deviation);
  return slot;
}

void Slots::set(const Slot& slot, Real value) {
  std::fill_n(weights_.begin() + slot.offset, slot.shape.size(), value);
}

Var Slots::on(Tape& tape, const Slot& slot) {
  return tape.training() ? tape.parameter(value(slot), View(gradients_.data() + slot.offset, slot.shape))
                         : tape.constant(value(slot));
}

StepMetrics Slots::step(Tape& tape, const CrossEntropy& loss, Real learning_rate) {
  std::fill(gradients_.begin(), gradients_.end(), Real(0));
  tape.backward(loss.loss);
  StepMetrics metrics;
  metrics.loss = tape.value(loss.loss)[0];
  metrics.accuracy = loss.accuracy;
  metrics.learning_rate = learning_rate;
  metrics.grad_norm = clip_gradients(View(gradients_.data(), Shape{size()}), gradient_limit);
  if (std::isfinite(metrics.loss) && std::isfinite(metrics.grad_norm))
    adamw_update(weights_.data(), gradients_.data(), m_.data(), v_.data(), size(), ++steps_, adam,
                 learning_rate, 1);
  metrics.step = steps_;
  return metrics;
}

std::vector<Real> Slots::state() const { return run_state(steps_, weights_, m_, v_); }

Status Slots::restore(const std::vector<Real>& state) {
  return read_run_state(state, steps_, weights_, m_, v_);
}

}  // namespace attn
