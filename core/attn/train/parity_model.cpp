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

Status validate(const ParityConfig& c) {
  for (const Status& status :
       {in_range("length", c.length, 1, c.longest), in_range("longest", c.longest, 1, 1024),
        in_range("width", c.width, 1, 128), in_range("channels", c.channels, 1, 64),
        in_range("hidden", c.hidden, 1, 256), in_range("batch", c.batch, 1, 256)})
    if (!status.ok()) return status;
  return valid_learning_rate(c.learning_rate);
}

ParityModel::ParityModel(const ParityConfig& c) : config_(c), exact_(Shape{2, c.channels}) {
  const Index D = c.width, n = c.channels;
  Rng rng = stream(c.seed, Stream::init);
  const auto from = [](Index inputs) { return 1 / std::sqrt(static_cast<Real>(inputs)); };
  embedding_ = slots_.add({2, D}, 1, rng);
  gate_ = slots_.add({2, n}, 1, rng);
  value_ = slots_.add({D, n}, from(D), rng);
  read_ = slots_.add({n, D}, from(n), rng);
  query_ = slots_.add({D, n}, from(D), rng);
  key_ = slots_.add({D, n}, from(D), rng);
  position_ = slots_.add({c.longest, D}, Real(0.3), rng);
  in_ = slots_.add({D, c.hidden}, from(D), rng);
  in_bias_ = slots_.add({c.hidden}, 0, rng);
  out_ = slots_.add({c.hidden, 2}, from(c.hidden), rng);
  out_bias_ = slots_.add({2}, 0, rng);
  std::fill_n(exact_.data.begin(), n, Real(1));
  std::fill_n(exact_.data.begin() + n, n, Real(-1));
}

// #region parity-gate
// a(x_t), [B, T, channels]: what is left of the state when x_t is read.
Var ParityModel::gate(Tape& tape, Index batch, Index length) {
  if (config_.mixer == ParityMixer::exact)
    return embedding(tape, tape.constant(std::as_const(exact_).view()), tokens_.data(), batch, length);
  const Var z = embedding(tape, slots_.on(tape, gate_), tokens_.data(), batch, length);
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
    const Var placed = add_rows(tape, x, slice_rows(tape, slots_.on(tape, position_), 0, T));
    const auto project = [&](const Slot& w) {
      return linear(tape, placed, slots_.on(tape, w), {}, N, {B, T, 1, n});
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
                    : linear(tape, x, slots_.on(tape, value_), {}, N, {B, T, n, 1});
  return fast_weights(tape, unit, unit, v, gate(tape, B, T), {}, false);
}

CrossEntropy ParityModel::loss(Tape& tape, Index B, Index T) {
  const Index N = B * T, D = config_.width;
  const Var x = embedding(tape, slots_.on(tape, embedding_), tokens_.data(), B, T);
  const Var read = linear(tape, mixed(tape, x, B, T), slots_.on(tape, read_), {}, N, {B, T, D});
  const Var hidden = activation(tape, Activation::relu,
                                linear(tape, attn::add(tape, x, read), slots_.on(tape, in_),
                                       slots_.on(tape, in_bias_), N, {B, T, config_.hidden}));
  const Var logits = linear(tape, hidden, slots_.on(tape, out_), slots_.on(tape, out_bias_), N, {B, T, 2});
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
  Rng rng = stream_of_step(config_.seed, slots_.steps());
  draw(config_.batch, config_.length, config_.length, rng);
  tape_.reset();
  return slots_.step(tape_, loss(tape_, config_.batch, config_.length), config_.learning_rate);
}

StepMetrics ParityModel::evaluate(Index length, Index batch, Index last) {
  if (length < 1 || length > config_.longest)
    throw ShapeError("parity: no sequences of length " + std::to_string(length));
  Rng rng = stream(config_.seed, Stream::evaluation);
  draw(batch, length, last, rng);
  evaluation_.reset();
  const CrossEntropy ce = loss(evaluation_, batch, length);
  StepMetrics metrics;
  metrics.step = slots_.steps();
  metrics.loss = evaluation_.value(ce.loss)[0];
  metrics.accuracy = ce.accuracy;
  return metrics;
}

Tensor ParityModel::gates() const {
  if (config_.mixer == ParityMixer::attention) return {};
  if (config_.mixer == ParityMixer::exact) return exact_;
  Tensor a(gate_.shape);
  const ConstView scores = slots_.value(gate_);
  for (std::size_t i = 0; i < a.data.size(); ++i) {
    const Real z = scores[static_cast<Index>(i)];
    a.data[i] = config_.mixer == ParityMixer::positive ? 1 / (1 + std::exp(-z)) : std::tanh(z);
  }
  return a;
}

}  // namespace attn
