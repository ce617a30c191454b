#include "attn/adapt/fine_tuning.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "attn/math/vector.hpp"
#include "attn/train/adamw.hpp"

namespace attn {
namespace {

Lora fresh_lora(const ModelConfig& model, const FineTuneConfig& config) {
  Rng rng = stream(config.seed, Stream::init);
  return Lora(model, config.lora, rng);
}

Real norm(const Tensor& t) { return std::sqrt(vec::dot(t.data.data(), t.data.data(), t.view().size())); }

// σ₁ by power iteration on GᵀG: one number, without a decomposition that every page would download.
Real largest_singular_value(ConstMatrix g) {
  Tensor v(Shape{g.cols, 1}), u(Shape{g.rows, 1});
  std::fill(v.data.begin(), v.data.end(), Real(1));
  Real sigma = 0;
  for (int i = 0; i < 100; ++i) {
    const Real length = norm(v);
    if (!(length > 0)) return 0;
    for (Real& x : v.data) x /= length;
    matmul(as_matrix(u.view()), g, as_matrix(std::as_const(v).view()));
    matmul(as_matrix(v.view()), g.transposed(), as_matrix(std::as_const(u).view()));
    sigma = norm(u);
  }
  return sigma;
}

// ∂L/∂W of every parameter on one batch.
Parameters gradient_of(const Model& model, const TaskBatch& batch) {
  Parameters full(model.config);
  Tape tape(Tape::Mode::training);
  ForwardOptions options;
  options.gradients = &full;
  tape.backward(cross_entropy(tape, forward(tape, model, batch.inputs, options), batch.targets.data(),
                              batch.weights.data())
                    .loss);
  return full;
}

// Between two states of n adapter weights from `from` on.
Real distance(const Lora& now, const Lora& before, Index from, Index n) {
  double sum = 0;
  for (Index i = from; i < from + n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double change = static_cast<double>(now.weights()[at] - before.weights()[at]);
    sum += change * change;
  }
  return static_cast<Real>(std::sqrt(sum));
}

// -η s² A Aᵀ G: what a step along the factors' gradients does to W while B is zero.
Tensor first_order(const Lora& before, const Lora::Site& site, ConstMatrix g, const FineTuneConfig& config) {
  Tensor projected(Shape{config.lora.rank, site.out}), out(Shape{site.in, site.out});
  matmul(as_matrix(projected.view()), before.a(site).transposed(), g);
  matmul(as_matrix(out.view()), before.a(site), as_matrix(std::as_const(projected).view()), Store::overwrite,
         -config.learning_rate * before.scale() * before.scale());
  return out;
}

}  // namespace

std::vector<TokenId> renaming(Index vocab, std::uint64_t seed) {
  Rng rng = stream(seed, Stream::probe);
  const std::vector<Index> order = permutation(vocab, rng);
  std::vector<TokenId> names(order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    names[static_cast<std::size_t>(order[i])] = static_cast<TokenId>(order[(i + 1) % order.size()]);
  return names;
}

// #region retarget
void retarget(TaskBatch& batch, Goal goal, const std::vector<TokenId>& names) {
  const Index T = batch.inputs.length;
  for (std::size_t i = 0; i < batch.targets.size() && goal != Goal::same; ++i) {
    if (!(batch.weights[i] > 0)) continue;
    const Index t = static_cast<Index>(i) % T, next = batch.match[i] + 2;
    if (goal == Goal::permute)
      batch.targets[i] = names[static_cast<std::size_t>(batch.targets[i])];
    else if (batch.match[i] < 0 || next > t)
      batch.weights[i] = 0;
    else
      batch.targets[i] = batch.inputs.tokens[i - static_cast<std::size_t>(t - next)];
  }
}
// #endregion

FineTuning::FineTuning(const Model& base, const TaskConfig& task, const FineTuneConfig& config)
    : config_(config),
      task_(task),
      base_(base),
      names_(renaming(task.vocab, config.seed)),
      lora_(fresh_lora(base.config, config)),
      merged_(base),
      full_(base.config),
      gradients_(lora_.weights().size()),
      m_(gradients_),
      v_(gradients_) {}

void FineTuning::merge() {
  vec::copy(base_.parameters.flat().data, merged_.parameters.flat().data, base_.parameters.size());
  lora_.merge_into(merged_.parameters);
}

std::vector<Real> FineTuning::state() const { return run_state(steps_, lora_.weights(), m_, v_); }

Status FineTuning::restore(const std::vector<Real>& state) {
  if (Status status = read_run_state(state, steps_, lora_.weights(), m_, v_); !status.ok()) return status;
  merge();
  return Unit{};
}

// #region lora-step
StepMetrics FineTuning::step() {
  Rng rng = stream_of_step(config_.seed, steps_);
  make_batch(task_, config_.batch, rng, batch_);
  retarget(batch_, config_.goal, names_);

  // 1. forward through W0 + s A B, backward to G = ∂L/∂W. At this size forming G costs nothing; beside
  // a large matrix nobody does it, and low_rank_linear gives the same gradients (lora_test.cpp).
  tape_.reset();
  ForwardOptions options;
  options.gradients = &full_;
  const CrossEntropy ce = cross_entropy(tape_, forward(tape_, merged_, batch_.inputs, options),
                                        batch_.targets.data(), batch_.weights.data());
  vec::fill(0, full_.flat().data, full_.size());
  tape_.backward(ce.loss);

  // 2. of G only its shadow on the factors is used; W0 stays as it is
  lora_.gradients(full_, gradients_);
  const StepMetrics metrics = step_of_row(lora_.weights(), gradients_, m_, v_, steps_,
                                          tape_.value(ce.loss)[0], ce.accuracy, config_.learning_rate);
  merge();
  return metrics;
}
// #endregion

TaskBatch exam_of(const TaskConfig& task, Goal goal, Index batch, std::uint64_t seed) {
  Rng rng = stream(seed, Stream::evaluation);
  TaskBatch drawn = make_batch(task, batch, rng);
  retarget(drawn, goal, renaming(task.vocab, seed));
  return drawn;
}

Metric counted(const TaskBatch& batch) {
  Metric loss;
  loss.kind = Metric::Kind::loss;
  const Index T = batch.inputs.length;
  for (std::size_t i = 0; i < batch.targets.size(); ++i)
    if (batch.weights[i] > 0)
      loss.answers.push_back({static_cast<Index>(i) / T, static_cast<Index>(i) % T, batch.targets[i], -1});
  return loss;
}

StepMetrics FineTuning::evaluate(Goal goal, Index batch) const {
  const TaskBatch drawn = exam_of(task_, goal, batch, config_.seed);
  Tape tape(Tape::Mode::inference);
  const CrossEntropy ce =
      cross_entropy(tape, forward(tape, merged_, drawn.inputs), drawn.targets.data(), drawn.weights.data());
  StepMetrics metrics;
  metrics.step = steps_;
  metrics.loss = tape.value(ce.loss)[0];
  metrics.accuracy = ce.accuracy;
  return metrics;
}

FirstStep first_step(const Model& base, const TaskConfig& task, const FineTuneConfig& config) {
  Rng rng = stream_of_step(config.seed, 0);
  TaskBatch batch = make_batch(task, config.batch, rng);
  retarget(batch, config.goal, renaming(task.vocab, config.seed));
  const Parameters full = gradient_of(base, batch);

  // One step of size η along the gradients of the factors, then the change of W.
  Lora lora = fresh_lora(base.config, config);
  const Lora before = lora;
  std::vector<Real> gradient(lora.weights().size());
  lora.gradients(full, gradient);
  for (std::size_t i = 0; i < gradient.size(); ++i) lora.weights()[i] -= config.learning_rate * gradient[i];
  const Lora::Site& site = lora.sites().front();
  FirstStep out;
  out.moved_a = distance(lora, before, site.a, site.b - site.a);
  out.moved_b = distance(lora, before, site.b, config.lora.rank * site.out);

  const Tensor dw = lora.delta(site);
  const ConstMatrix g(full[site.name].data, site.in, site.out);
  Tensor predicted = first_order(before, site, g, config), whole(dw.shape);
  vec::copy(g.data, whole.data.data(), whole.view().size());
  const Real length = norm(dw), of_g = norm(whole);
  if (length > 0 && of_g > 0)
    out.cosine = -vec::dot(dw.data.data(), whole.data.data(), dw.view().size()) / (length * of_g);
  for (std::size_t i = 0; i < dw.data.size(); ++i) predicted.data[i] -= dw.data[i];
  out.formula = length > 0 ? norm(predicted) / length : 0;
  const Real top = largest_singular_value(g);
  out.rank_of_g = top > 0 ? of_g * of_g / (top * top) : 0;
  return out;
}

}  // namespace attn
