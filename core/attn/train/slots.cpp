#include "attn/train/slots.hpp"

#include <algorithm>
#include <cmath>

#include "attn/train/adamw.hpp"

namespace attn {
namespace {

constexpr AdamWConfig adam{Real(0.9), Real(0.98), Real(1e-8), 0};
constexpr Real gradient_limit = 1;

}  // namespace

StepMetrics step_of_row(std::vector<Real>& weights, std::vector<Real>& gradients, std::vector<Real>& m,
                        std::vector<Real>& v, Index& steps, Real loss, Real accuracy, Real learning_rate) {
  const Index n = static_cast<Index>(weights.size());
  StepMetrics metrics;
  metrics.loss = loss;
  metrics.accuracy = accuracy;
  metrics.learning_rate = learning_rate;
  metrics.grad_norm = clip_gradients(View(gradients.data(), Shape{n}), gradient_limit);
  if (std::isfinite(loss) && std::isfinite(metrics.grad_norm))
    adamw_update(weights.data(), gradients.data(), m.data(), v.data(), n, ++steps, adam, learning_rate, 1);
  metrics.step = steps;
  return metrics;
}

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
  return step_of_row(weights_, gradients_, m_, v_, steps_, tape.value(loss.loss)[0], loss.accuracy,
                     learning_rate);
}

std::vector<Real> Slots::state() const { return run_state(steps_, weights_, m_, v_); }

Status Slots::restore(const std::vector<Real>& state) {
  return read_run_state(state, steps_, weights_, m_, v_);
}

}  // namespace attn
