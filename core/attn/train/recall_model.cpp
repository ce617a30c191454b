#include "attn/train/recall_model.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "attn/attention/attention.hpp"
#include "attn/attention/fast_weights.hpp"
#include "attn/ops/activation.hpp"
#include "attn/ops/elementwise.hpp"
#include "attn/ops/embedding.hpp"
#include "attn/ops/linear.hpp"

namespace attn {
namespace {

bool erases(Memory m) { return m == Memory::delta || m == Memory::gated; }
bool forgets(Memory m) { return m == Memory::decayed || m == Memory::gated; }

}  // namespace

Status validate(const RecallConfig& c) {
  if (c.task.kind != TaskKind::recall) return Error{ErrorCode::mismatch, "the task must be recall"};
  if (const Status status = validate(c.task); !status.ok()) return status;
  for (const Status& status : {in_range("width", c.width, 1, 256), in_range("key_width", c.key_width, 1, 256),
                               in_range("batch", c.batch, 1, 256)})
    if (!status.ok()) return status;
  return valid_learning_rate(c.learning_rate);
}

RecallModel::RecallModel(const RecallConfig& config) : config_(config) {
  const Index D = config.width, d = config.key_width, V = config.task.vocab;
  Rng rng = stream(config.seed, Stream::init);
  const Real wide = 1 / std::sqrt(static_cast<Real>(D));
  embedding_ = slots_.add({V + 1, D}, 1, rng);  // the last row: nothing stands before the first token
  query_ = slots_.add({D, d}, wide, rng);
  key_ = slots_.add({D, d}, wide, rng);
  value_ = slots_.add({D, D}, wide, rng);
  output_ = slots_.add({D, D}, wide, rng);
  unembedding_ = slots_.add({D, V}, wide, rng);
  alpha_ = slots_.add({D, 1}, 0, rng);
  alpha_bias_ = slots_.add({1}, 0, rng);
  beta_ = slots_.add({D, 1}, 0, rng);
  beta_bias_ = slots_.add({1}, 0, rng);
  // Gates begin by keeping nearly all (0.98) and by going half the way.
  slots_.set(alpha_bias_, 4);
}

// #region memories
Var RecallModel::memory(Tape& tape, Var x, Var before) {
  const Index B = batch_.inputs.batch, T = batch_.inputs.length, N = B * T, d = config_.key_width,
              D = config_.width;
  const Memory kind = config_.memory;
  Var q = linear(tape, x, slots_.on(tape, query_), {}, N, {B, T, 1, d});
  Var k = linear(tape, before, slots_.on(tape, key_), {}, N, {B, T, 1, d});
  const Var v = linear(tape, x, slots_.on(tape, value_), {}, N, {B, T, 1, D});
  if (kind == Memory::softmax) {
    AttentionOptions options;
    options.scale = 1 / std::sqrt(static_cast<Real>(d));
    options.mask.causal = true;
    return attention(tape, q, k, v, options);
  }
  if (kind == Memory::positive) {
    q = elu_plus_one(tape, q), k = elu_plus_one(tape, k);
    return divide_by_last(tape, fast_weights(tape, q, k, append_one(tape, v), {}, {}, false));
  }
  const auto gate = [&](const Slot& w, const Slot& b) {
    return sigmoid(tape, linear(tape, x, slots_.on(tape, w), slots_.on(tape, b), N, {B, T, 1}));
  };
  if (erases(kind)) k = unit_length(tape, k);
  return fast_weights(tape, q, k, v, forgets(kind) ? gate(alpha_, alpha_bias_) : Var{},
                      erases(kind) ? gate(beta_, beta_bias_) : Var{}, erases(kind));
}
// #endregion

CrossEntropy RecallModel::loss(Tape& tape) {
  const Index B = batch_.inputs.batch, T = batch_.inputs.length, N = B * T, D = config_.width,
              V = config_.task.vocab;
  const std::vector<TokenId>& tokens = batch_.inputs.tokens;
  previous_.resize(tokens.size());
  for (Index b = 0; b < B; ++b) {
    const auto row = tokens.begin() + b * T;
    previous_[static_cast<std::size_t>(b * T)] = static_cast<TokenId>(V);
    std::copy(row, row + (T - 1), previous_.begin() + b * T + 1);
  }
  const Var table = slots_.on(tape, embedding_);
  const Var x = embedding(tape, table, tokens.data(), B, T),
            before = embedding(tape, table, previous_.data(), B, T);
  const Var carried = linear(tape, memory(tape, x, before), slots_.on(tape, output_), {}, N, {B, T, D});
  const Var logits =
      linear(tape, attn::add(tape, x, carried), slots_.on(tape, unembedding_), {}, N, {B, T, V});
  return cross_entropy(tape, logits, batch_.targets.data(), batch_.weights.data());
}

StepMetrics RecallModel::step() {
  Rng rng = stream_of_step(config_.seed, slots_.steps());
  make_batch(config_.task, config_.batch, rng, batch_);
  tape_.reset();
  return slots_.step(tape_, loss(tape_), config_.learning_rate);
}

StepMetrics RecallModel::evaluate(Index batch) {
  Rng rng = stream(config_.seed, Stream::evaluation);
  make_batch(config_.task, batch, rng, batch_);
  evaluation_.reset();
  const CrossEntropy ce = loss(evaluation_);
  StepMetrics metrics;
  metrics.step = slots_.steps();
  metrics.loss = evaluation_.value(ce.loss)[0];
  metrics.accuracy = ce.accuracy;
  return metrics;
}

Index RecallModel::memory_numbers(Index tokens) const {
  const Index d = config_.key_width, D = config_.width;
  if (config_.memory == Memory::softmax) return tokens * (d + D);
  return d * (config_.memory == Memory::positive ? D + 1 : D);
}

}  // namespace attn
