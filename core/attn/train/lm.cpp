#include "attn/train/lm.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "attn/ops/cross_entropy.hpp"

namespace attn {

Status check_text(const TokenText& text, const ModelConfig& config) {
  if (text.count < 2 * config.context)
    return Error{ErrorCode::mismatch, "the text has " + std::to_string(text.count) +
                                          " tokens, less than two contexts of " +
                                          std::to_string(config.context)};
  for (Index i = 0; i < text.count; ++i)
    if (text.tokens[i] >= config.vocab)
      return Error{ErrorCode::out_of_range, "token " + std::to_string(text.tokens[i]) + " at place " +
                                                std::to_string(i) + " is outside the vocabulary of " +
                                                std::to_string(config.vocab)};
  return Unit{};
}

Result<std::unique_ptr<LmTrainer>> LmTrainer::create(const LmConfig& config) {
  if (const Status status = validate(config); !status) return status.error();
  Model model{config.model, Parameters(config.model)};
  Rng init = stream(config.seed, Stream::init);
  initialise(model.parameters, config.model, init);
  AdamWState adamw;
  adamw.m.assign(static_cast<std::size_t>(model.parameters.size()), Real(0));
  adamw.v = adamw.m;
  return std::unique_ptr<LmTrainer>(new LmTrainer(config, std::move(model), std::move(adamw)));
}

LmTrainer::LmTrainer(const LmConfig& config, Model model, AdamWState adamw)
    : config_(config), model_(std::move(model)), adamw_(std::move(adamw)) {
  if (config_.schedule.kind != ScheduleKind::constant && config_.schedule.total == 0)
    config_.schedule.total = config_.steps;
  for (Index i = 0; i < config_.shards; ++i) shards_.push_back({Parameters(config_.model)});
  squares_.resize(model_.parameters.table().size());
  starts_.resize(static_cast<std::size_t>(config_.batch));
}

void LmTrainer::cool_down(Index steps) {
  config_.schedule.kind = ScheduleKind::wsd;
  config_.schedule.decay = steps;
  config_.schedule.total = config_.steps = steps_done() + steps;
}

void LmTrainer::prepare(const Workers& workers) {
  while (static_cast<Index>(workers_.size()) < workers.count())
    workers_.push_back(std::make_unique<Worker>());
}

void LmTrainer::draw_windows(const TokenText& text) {
  const Index T = config_.resolved_length();
  if (!windows_) windows_ = std::make_unique<TextWindows>(text.count, T - 1, T, config_.seed);
  for (Index b = 0; b < config_.batch; ++b)
    starts_[static_cast<std::size_t>(b)] = windows_->start(steps_done() * config_.batch + b);
}

// #region lm-step
StepMetrics LmTrainer::step(const TokenText& text, Workers& workers) {
  prepare(workers);
  draw_windows(text);
  // 1. forward and backward of every shard, each into gradients of its own
  workers.run(config_.shards, [&](Index shard, Index w) { run_shard(text, shard, worker(w)); });
  // 2. their mean, parameter by parameter, and its norm
  const Index parameters = static_cast<Index>(squares_.size());
  workers.run(parameters, [&](Index p, Index) { add_gradients(p); });

  StepMetrics metrics;
  double loss = 0, accuracy = 0, squares = 0;
  for (const Shard& shard : shards_) loss += shard.loss, accuracy += shard.accuracy;
  for (const double s : squares_) squares += s;
  const double count = static_cast<double>(config_.shards);
  metrics.loss = static_cast<Real>(loss / count);
  metrics.accuracy = static_cast<Real>(accuracy / count);
  metrics.grad_norm = static_cast<Real>(std::sqrt(squares));
  metrics.learning_rate = learning_rate(config_.schedule, steps_done());
  metrics.step = steps_done();
  if (!std::isfinite(metrics.loss) || !std::isfinite(metrics.grad_norm)) return metrics;

  // 3. clip and update
  const bool clipped = config_.clip > 0 && metrics.grad_norm > config_.clip;
  const Real scale = clipped ? config_.clip / metrics.grad_norm : Real(1);
  metrics.step = ++adamw_.step;
  workers.run(parameters, [&](Index p, Index w) { update(p, scale, metrics.learning_rate, worker(w)); });
  return metrics;
}
// #endregion

// Rows [shard · B/shards, (shard + 1) · B/shards) of the batch.
void LmTrainer::run_shard(const TokenText& text, Index shard, Worker& worker) {
  const Index rows = config_.batch / config_.shards;
  Shard& out = shards_[static_cast<std::size_t>(shard)];
  read_windows(text, starts_.data() + shard * rows, rows, config_.resolved_length(), worker.batch);
  std::fill(out.gradients.flat().begin(), out.gradients.flat().end(), Real(0));
  Tape& tape = worker.training;
  tape.reset();
  const Var logits =
      forward(tape, model_, worker.batch.inputs, ForwardOptions{nullptr, nullptr, &out.gradients});
  const CrossEntropy ce =
      cross_entropy(tape, logits, worker.batch.targets.data(), worker.batch.weights.data());
  tape.backward(ce.loss);
  out.loss = tape.value(ce.loss)[0];
  out.accuracy = ce.accuracy;
}

// shards_[0] <- mean over the shards; every shard counts as many tokens.
void LmTrainer::add_gradients(Index parameter) {
  const ParameterInfo& info = model_.parameters.table()[static_cast<std::size_t>(parameter)];
  const Index n = info.shape.size();
  const Real share = 1 / static_cast<Real>(config_.shards);
  Real* sum = shards_[0].gradients.flat().data + info.offset;
  for (std::size_t s = 1; s < shards_.size(); ++s) {
    const Real* g = shards_[s].gradients.flat().data + info.offset;
    for (Index i = 0; i < n; ++i) sum[i] += g[i];
  }
  constexpr Index block = 1024;
  double squares = 0;
  for (Index start = 0; start < n; start += block) {
    Real partial = 0;
    for (Index i = start; i < std::min(n, start + block); ++i) {
      sum[i] *= share;
      partial += sum[i] * sum[i];
    }
    squares += static_cast<double>(partial);
  }
  squares_[static_cast<std::size_t>(parameter)] = squares;
}

void LmTrainer::update(Index parameter, Real scale, Real learning_rate, Worker& worker) {
  const ParameterInfo& info = model_.parameters.table()[static_cast<std::size_t>(parameter)];
  const View gradients = shards_[0].gradients.flat();
  if (scale != 1)
    for (Index i = info.offset; i < info.offset + info.shape.size(); ++i) gradients[i] *= scale;
  if (config_.optimiser == Optimiser::muon && muon_updates(info))
    muon_update(model_.parameters, info, gradients, adamw_, config_.muon, config_.adamw.weight_decay,
                learning_rate, worker.work);
  else
    adamw_update(model_.parameters, info, gradients, adamw_, config_.adamw, learning_rate);
}

StepMetrics LmTrainer::evaluate(const TokenText& text, Index windows, Workers& workers) {
  prepare(workers);
  const Index T = config_.resolved_length();
  windows = std::max<Index>(1, std::min(windows, text.count / T));
  std::vector<double> losses(static_cast<std::size_t>(windows)), right(losses.size());
  workers.run(windows, [&](Index i, Index w) {
    const Index start = (text.count - T) / windows * i;
    Worker& own = worker(w);
    read_windows(text, &start, 1, T, own.batch);
    own.inference.reset();
    const Var logits = forward(own.inference, model_, own.batch.inputs);
    const CrossEntropy ce =
        cross_entropy(own.inference, logits, own.batch.targets.data(), own.batch.weights.data());
    losses[static_cast<std::size_t>(i)] = own.inference.value(ce.loss)[0];
    right[static_cast<std::size_t>(i)] = ce.accuracy;
  });
  double loss = 0, accuracy = 0;
  for (std::size_t i = 0; i < losses.size(); ++i) loss += losses[i], accuracy += right[i];
  StepMetrics metrics;
  metrics.step = steps_done();
  metrics.loss = static_cast<Real>(loss / static_cast<double>(windows));
  metrics.accuracy = static_cast<Real>(accuracy / static_cast<double>(windows));
  return metrics;
}

}  // namespace attn
