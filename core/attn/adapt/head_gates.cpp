#include "attn/adapt/head_gates.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "attn/adapt/head_removal.hpp"
#include "attn/ops/elementwise.hpp"

namespace attn {
namespace {

Tensor like_heads(const ModelConfig& c, Real value) {
  Tensor t(Shape{c.layers, c.heads});
  std::fill(t.data.begin(), t.data.end(), value);
  return t;
}

}  // namespace

HeadGates::HeadGates(Model model, const TaskConfig& task, const GateConfig& config)
    : config_(config),
      task_(task),
      model_(std::move(model)),
      gradients_(model_.config),
      log_alpha_(like_heads(model_.config, config.start)),
      gate_gradients_(like_heads(model_.config, 0)),
      noise_(like_heads(model_.config, 0)),
      m_(like_heads(model_.config, 0)),
      v_(like_heads(model_.config, 0)) {
  weights_state_.m.assign(static_cast<std::size_t>(model_.parameters.size()), Real(0));
  weights_state_.v = weights_state_.m;
}

std::vector<Real> HeadGates::state() const {
  std::vector<Real> out{static_cast<Real>(weights_state_.step)};
  const auto append = [&out](const Real* first, std::size_t n) { out.insert(out.end(), first, first + n); };
  const ConstView weights = model_.parameters.flat();
  append(weights.data, static_cast<std::size_t>(weights.size()));
  for (const std::vector<Real>* part :
       {&weights_state_.m, &weights_state_.v, &log_alpha_.data, &m_.data, &v_.data})
    append(part->data(), part->size());
  return out;
}

Status HeadGates::restore(const std::vector<Real>& state) {
  const auto weights = static_cast<std::size_t>(model_.parameters.size()), heads = log_alpha_.data.size();
  if (state.size() != 1 + 3 * weights + 3 * heads)
    return Error{ErrorCode::mismatch, "a state of " + std::to_string(state.size()) +
                                          " numbers, these gates need " +
                                          std::to_string(1 + 3 * weights + 3 * heads)};
  for (const Real x : state)
    if (!std::isfinite(x)) return Error{ErrorCode::non_finite, "the state holds a number that is not finite"};
  if (!(state[0] >= 0 && state[0] <= Real(1e6) && state[0] == std::floor(state[0])))
    return Error{ErrorCode::malformed, "the state does not begin with a count of steps"};
  const auto below_zero = [&state](std::size_t from, std::size_t n) {  // a square root is taken of them
    const auto first = state.begin() + static_cast<std::ptrdiff_t>(from);
    return std::any_of(first, first + static_cast<std::ptrdiff_t>(n), [](Real v) { return v < 0; });
  };
  if (below_zero(1 + 2 * weights, weights) || below_zero(state.size() - heads, heads))
    return Error{ErrorCode::out_of_range, "a second moment below zero"};
  weights_state_.step = static_cast<Index>(state[0]);
  const Real* from = state.data() + 1;
  const auto take = [&from](Real* to, std::size_t n) { std::copy_n(from, n, to), from += n; };
  take(model_.parameters.flat().data, weights);
  take(weights_state_.m.data(), weights), take(weights_state_.v.data(), weights);
  for (Tensor* t : {&log_alpha_, &m_, &v_}) take(t->data.data(), heads);
  return Unit{};
}

// #region gated-loss
Var HeadGates::loss(CrossEntropy& task, std::vector<Var>& gates, Rng& rng) {
  Var penalty;
  for (Index l = 0; l < model_.config.layers; ++l) {
    const View noise = noise_.view().sub(l);  // u in (0, 1): one draw per head and step, none per token
    for (Real& u : noise) u = static_cast<Real>((rng.uniform() + 1e-6) / (1 + 2e-6));
    const Var alpha = tape_.parameter(std::as_const(log_alpha_).view().sub(l), gate_gradients_.view().sub(l));
    gates.push_back(hard_concrete(tape_, config_.gate, alpha, noise));
    const Var open = open_gates(tape_, config_.gate, alpha);  // Σ P(g ≠ 0) of the layer
    penalty = penalty.valid() ? add(tape_, penalty, open) : open;
  }
  ForwardOptions options;
  options.gradients = &gradients_;
  options.gates = &gates;
  task = cross_entropy(tape_, forward(tape_, model_, batch_.inputs, options), batch_.targets.data(),
                       batch_.weights.data());
  return add(tape_, task.loss, scale(tape_, penalty, config_.penalty));
}
// #endregion

StepMetrics HeadGates::step() {
  Rng rng = stream_of_step(config_.seed, weights_state_.step);
  make_batch(task_, config_.batch, rng, batch_);
  tape_.reset();
  std::fill(gradients_.flat().begin(), gradients_.flat().end(), Real(0));
  std::fill(gate_gradients_.data.begin(), gate_gradients_.data.end(), Real(0));
  CrossEntropy task;
  std::vector<Var> gates;
  tape_.backward(loss(task, gates, rng));

  StepMetrics metrics;
  metrics.loss = tape_.value(task.loss)[0];
  metrics.accuracy = task.accuracy;
  metrics.learning_rate = config_.learning_rate;
  metrics.grad_norm = clip_gradients(gradients_.flat(), config_.clip);
  if (std::isfinite(metrics.loss) && std::isfinite(metrics.grad_norm)) {
    AdamWConfig adam;
    adam.weight_decay = 0;
    adamw_step(model_.parameters, gradients_.flat(), weights_state_, adam, config_.learning_rate);
    adamw_update(log_alpha_.data.data(), gate_gradients_.data.data(), m_.data.data(), v_.data.data(),
                 log_alpha_.view().size(), weights_state_.step, adam, config_.gate_learning_rate, 1);
  }
  metrics.step = weights_state_.step;
  return metrics;
}

Tensor HeadGates::gates() const {
  Tensor g = log_alpha_;
  for (Real& x : g.data) x = expected_gate(config_.gate, x);
  return g;
}

Tensor HeadGates::open() const {
  Tensor p = log_alpha_;
  for (Real& x : p.data) x = open_probability(config_.gate, x);
  return p;
}

Model HeadGates::folded() const { return with_gates_folded(model_, gates()); }

}  // namespace attn
