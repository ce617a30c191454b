#include "attn/train/parity_model.hpp"

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

constexpr AdamWConfig adam{Real(0.9), Real(0.98), Real(1e-8), 0};
constexpr Real gradient_limit = 1;

Status in_range(const char* name, Index value, Index low, Index high) {
  if (value >= low && value <= high) return Unit{};
  return Error{ErrorCode::out_of_range,
               std::string(name) + " must be in [" + std::to_string(low) + ", " + std::to_string(high) + "]"};
}

}  // namespace

Status validate(const ParityConfig& c) {
  for (const Status& status :
       {in_range("length", c.length, 1, c.longest), in_range("longest", c.longest, 1, 1024),
        in_range("width", c.width, 1, 128), in_range("channels", c.channels, 1, 64),
        in_range("hidden", c.hidden, 1, 256), in_range("batch", c.batch, 1, 256)})
    if (!status.ok()) return status;
  if (!(c.learning_rate > 0 && c.learning_rate <= 1))
    return Error{ErrorCode::out_of_range, "learning_rate must be in (0, 1]"};
  return Unit{};
}

ParityModel::ParityModel(const ParityConfig& c) : config_(c), exact_(Shape{2, c.channels}) {
  const Index D = c.width, n = c.channels;
  Rng rng = stream(c.seed, Stream::init);
  const auto from = [](Index inputs) { return 1 / std::sqrt(static_cast<Real>(inputs)); };
  embedding_ = add({2, D}, 1, rng);
  gate_ = add({2, n}, 1, rng);
  value_ = add({D, n}, from(D), rng);
  read_ = add({n, D}, from(n), rng);
  query_ = add({D, n}, from(D), rng);
  key_ = add({D, n}, from(D), rng);
  position_ = add({c.longest, D}, Real(0.3), rng);
  in_ = add({D, c.hidden}, from(D), rng);
  in_bias_ = add({c.hidden}, 0, rng);
  out_ = add({c.hidden, 2}, from(c.hidden), rng);
  out_bias_ = add({2}, 0, rng);
  gradients_.assign(weights_.size(), 0);
  m_ = v_ = gradients_;
  std::fill_n(exact_.data.begin(), n, Real(1));
  std::fill_n(exact_.data.begin() + n, n, Real(-1));
}

ParityModel::Slot ParityModel::add(const Shape& shape, Real deviation, Rng& rng) {
  const Slot slot{static_cast<Index>(weights_.size()), shape};
  weights_.resize(weights_.size() + static_cast<std::size_t>(shape.size()));
  if (deviation > 0) fill_normal(View(weights_.data() + slot.offset, shape), rng, deviation);
  return slot;
}

Var ParityModel::weight(Tape& tape, const Slot& slot) {
  const ConstView value(weights_.data() + slot.offset, slot.shape);
  return tape.training() ? tape.parameter(value, View(gradients_.data() + slot.offset, slot.shape))
                         : tape.constant(value);
}

// #region parity-gate
// a(x_t), [B, T, channels]: what is left of the state when x_t is read.
Var ParityModel::gate(Tape& tape, Index batch, Index length) {
  if (config_.mixer == ParityMixer::exact)
    return embedding(tape, tape.constant(std::as_const(exact_).view()), tokens_.data(), batch, length);
  const Var z = embedding(tape, weight(tape, gate_), tokens_.data(), batch, length);
  return config_.mixer == ParityMixer::positive ? sigmoid(tape, z) : tanh(tape, z);
}
// #endregion

// h_0 = a(x_0) and nothing is added later: then h_t is the product of all signs.
Var ParityModel::first_sign(Tape& tape, Index B, Index T) {
  const Index n = config_.channels;
  const View v = tape.scratch({B, T, n, 1});
  std::fill(v.begin(), v.end(), Real(0));
  for (Index b = 0; b < B; ++b)
    std::fill_n(v.data + b * T * n, n, tokens_[static_cast<std::size_t>(b * T)] ? Real(-1) : Real(1));
  return tape.constant(v);
}

Var ParityModel::mixed(Tape& tape, Var x, Index B, Index T) {
  const Index N = B * T, n = config_.channels;
  if (config_.mixer == ParityMixer::attention) {
    const Var placed = add_rows(tape, x, slice_rows(tape, weight(tape, position_), 0, T));
    const auto project = [&](const Slot& w) {
      return linear(tape, placed, weight(tape, w), {}, N, {B, T, 1, n});
    };
    AttentionOptions options;
    options.scale = 1 / std::sqrt(static_cast<Real>(n));
    options.mask.causal = true;
    return attention(tape, project(query_), project(key_), project(value_), options);
  }
  // Every channel is a head of width one whose key and query are 1: h_t = a_t h_{t-1} + v_t.
  const View one = tape.scratch({B, T, n, 1});
  std::fill(one.begin(), one.end(), Real(1));
  const Var unit = tape.constant(one);
  const Var v = config_.mixer == ParityMixer::exact
                    ? first_sign(tape, B, T)
                    : linear(tape, x, weight(tape, value_), {}, N, {B, T, n, 1});
  return fast_weights(tape, unit, unit, v, gate(tape, B, T), {}, false);
}

CrossEntropy ParityModel::loss(Tape& tape, Index B, Index T) {
  const Index N = B * T, D = config_.width;
  const Var x = embedding(tape, weight(tape, embedding_), tokens_.data(), B, T);
  const Var read = linear(tape, mixed(tape, x, B, T), weight(tape, read_), {}, N, {B, T, D});
  const Var hidden = activation(tape, Activation::relu,
                                linear(tape, attn::add(tape, x, read), weight(tape, in_),
                                       weight(tape, in_bias_), N, {B, T, config_.hidden}));
  const Var logits = linear(tape, hidden, weight(tape, out_), weight(tape, out_bias_), N, {B, T, 2});
  return cross_entropy(tape, logits, targets_.data(), counted_.data());
}

void ParityModel::draw(Index batch, Index length, Index counted, Rng& rng) {
  const auto n = static_cast<std::size_t>(batch * length);
  tokens_.resize(n), targets_.resize(n), counted_.resize(n);
  for (Index b = 0; b < batch; ++b) {
    TokenId odd = 0;
    for (Index t = 0; t < length; ++t) {
      const auto at = static_cast<std::size_t>(b * length + t);
      tokens_[at] = static_cast<TokenId>(rng.below(2));
      targets_[at] = odd ^= tokens_[at];
      counted_[at] = t >= length - counted ? Real(1) : Real(0);
    }
  }
}

StepMetrics ParityModel::step() {
  // A stream for every step, apart from those of train/trainer.hpp: the generator has no state to keep.
  Rng rng(config_.seed, 1024 + static_cast<std::uint64_t>(steps_));
  draw(config_.batch, config_.length, config_.length, rng);
  std::fill(gradients_.begin(), gradients_.end(), Real(0));
  tape_.reset();
  const CrossEntropy ce = loss(tape_, config_.batch, config_.length);
  tape_.backward(ce.loss);
  StepMetrics metrics;
  metrics.loss = tape_.value(ce.loss)[0];
  metrics.accuracy = ce.accuracy;
  metrics.learning_rate = config_.learning_rate;
  const auto n = static_cast<Index>(weights_.size());
  metrics.grad_norm = clip_gradients(View(gradients_.data(), Shape{n}), gradient_limit);
  if (std::isfinite(metrics.loss) && std::isfinite(metrics.grad_norm))
    adamw_update(weights_.data(), gradients_.data(), m_.data(), v_.data(), n, ++steps_, adam,
                 config_.learning_rate, 1);
  metrics.step = steps_;
  return metrics;
}

StepMetrics ParityModel::evaluate(Index length, Index batch, Index last) {
  if (length < 1 || length > config_.longest)
    throw ShapeError("parity: no sequences of length " + std::to_string(length));
  Rng rng = stream(config_.seed, Stream::evaluation);
  draw(batch, length, last, rng);
  evaluation_.reset();
  const CrossEntropy ce = loss(evaluation_, batch, length);
  StepMetrics metrics;
  metrics.step = steps_;
  metrics.loss = evaluation_.value(ce.loss)[0];
  metrics.accuracy = ce.accuracy;
  return metrics;
}

Tensor ParityModel::gates() const {
  if (config_.mixer == ParityMixer::attention) return {};
  if (config_.mixer == ParityMixer::exact) return exact_;
  Tensor a(gate_.shape);
  for (std::size_t i = 0; i < a.data.size(); ++i) {
    const Real z = weights_[static_cast<std::size_t>(gate_.offset) + i];
    a.data[i] = config_.mixer == ParityMixer::positive ? 1 / (1 + std::exp(-z)) : std::tanh(z);
  }
  return a;
}

std::vector<Real> ParityModel::state() const { return run_state(steps_, weights_, m_, v_); }

Status ParityModel::restore(const std::vector<Real>& state) {
  return read_run_state(state, steps_, weights_, m_, v_);
}

}  // namespace attn
