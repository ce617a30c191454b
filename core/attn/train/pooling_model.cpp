#include "attn/train/pooling_model.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "attn/attention/attention.hpp"
#include "attn/attention/fast_weights.hpp"
#include "attn/math/random.hpp"
#include "attn/ops/activation.hpp"
#include "attn/ops/elementwise.hpp"
#include "attn/ops/embedding.hpp"
#include "attn/ops/linear.hpp"

namespace attn {
namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

// The row as it was, from inside attention.
class Observed : public AttentionTap {
 public:
  explicit Observed(std::vector<double>& row) : row_(row) {}
  bool wants(AttentionStage stage) const override { return stage == AttentionStage::pattern; }
  bool visit(AttentionStage, View value) const override {
    row_.assign(value.begin(), value.end());
    return false;
  }

 private:
  std::vector<double>& row_;
};

// #region deceiving-penalty
// loss + λ · mean of -log(allowed): allowed = 1 - mass on signed words, [B, ..] (Pruthi et al. 2020).
Var deceive(Tape& tape, Var loss, Var allowed, Real penalty) {
  const Index B = tape.value(allowed).size();
  const Var out = tape.result(tape.value(loss).shape, tape.needs_grad(loss) || tape.needs_grad(allowed));
  Real sum = 0;
  for (Index b = 0; b < B; ++b) sum -= std::log(tape.value(allowed)[b]);
  const Real share = penalty / static_cast<Real>(B);
  tape.mutable_value(out)[0] = tape.value(loss)[0] + share * sum;
  tape.on_backward(out, [loss, allowed, out, share, B](Tape& t) {
    pass_gradient(t, loss, t.grad(out));
    const ConstView a = t.value(allowed);
    const View da = t.grad(allowed);
    for (Index b = 0; b < B; ++b) da[b] -= t.grad(out)[0] * share / a[b];  // d(-log a) = -da / a
  });
  return out;
}
// #endregion deceiving-penalty

}  // namespace

Status validate(const PoolingConfig& c) {
  for (const Status& status : {in_range("length", c.length, 2, 64), in_range("width", c.width, 2, 64),
                               in_range("batch", c.batch, 1, 256)})
    if (!status.ok()) return status;
  if (c.width % 2 != 0) return Error{ErrorCode::out_of_range, "width must be even"};
  if (const Status status = valid_learning_rate(c.learning_rate); !status.ok()) return status;
  if (!(c.penalty >= 0 && c.penalty <= 100))
    return Error{ErrorCode::out_of_range, "penalty must be in [0, 100]"};
  return Unit{};
}

PoolingModel::PoolingModel(const PoolingConfig& c) : config_(c) {
  const Index D = c.width, n = D / 2;
  Rng rng = stream(c.seed, Stream::init);
  const Real wide = 1 / std::sqrt(static_cast<Real>(D)), half = 1 / std::sqrt(static_cast<Real>(n));
  embedding_ = slots_.add({all_words, D}, 1, rng);
  if (c.encoder == Encoder::single) {
    in_ = slots_.add({D, D}, wide, rng);
    in_bias_ = slots_.add({D}, 0, rng);
  } else if (c.encoder == Encoder::attention) {
    position_ = slots_.add({c.length, D}, Real(0.3), rng);
    for (Slot* w : {&query_, &key_, &value_, &output_}) *w = slots_.add({D, D}, wide, rng);
  } else {
    for (int i = 0; i < 2; ++i) {
      gate_[i] = slots_.add({D, n}, wide, rng);
      gate_bias_[i] = slots_.add({n}, 0, rng);
      candidate_[i] = slots_.add({D, n}, wide, rng);
      read_[i] = slots_.add({n, D}, half, rng);
    }
  }
  score_ = slots_.add({D, D}, wide, rng);
  score_bias_ = slots_.add({D}, 0, rng);
  asks_ = slots_.add({1, D}, wide, rng);
  carried_ = slots_.add({D, D}, wide, rng);
  classes_ = slots_.add({D, 2}, wide, rng);
  classes_bias_ = slots_.add({2}, 0, rng);
}

void PoolingModel::arrange(Words& w) {
  const Index B = w.batch, T = w.length;
  w.backwards.resize(at(B * T)), w.mirror.resize(at(B * T));
  w.allowed.resize(at(B * T)), w.targets.resize(at(B));
  for (Index b = 0; b < B; ++b) {
    int sum = 0;
    for (Index t = 0; t < T; ++t) {
      const TokenId word = w.tokens[at(b * T + t)];
      const Index mirrored = b * T + (T - 1 - t);
      w.backwards[at(mirrored)] = word;
      w.mirror[at(b * T + t)] = static_cast<TokenId>(mirrored);
      w.allowed[at(b * T + t)] = word < signed_words ? Real(0) : Real(1);
      if (word < signed_words) sum += word < signed_words / 2 ? 1 : -1;
    }
    w.targets[at(b)] = sum > 0 ? 1 : 0;
  }
}

// One, three or five signed words at places of their own; the others mean nothing.
PoolingModel::Words PoolingModel::draw(Index batch, Rng& rng) const {
  const Index T = config_.length;
  Words w;
  w.batch = batch, w.length = T;
  w.tokens.resize(at(batch * T));
  for (Index b = 0; b < batch; ++b) {
    const Index count = std::min<Index>(1 + 2 * rng.below(3), T - 1);
    const std::vector<Index> places = permutation(T, rng);
    for (Index i = 0; i < T; ++i)
      w.tokens[at(b * T + places[at(i)])] = static_cast<TokenId>(
          i < count ? rng.below(signed_words) : signed_words + rng.below(all_words - signed_words));
  }
  arrange(w);
  return w;
}

// #region minimal-gru
// One direction: c_t = tanh(x_t W), z_t = σ(x_t W_z + b), s_t = (1 - z_t) s_{t-1} + z_t c_t; every channel is
// a memory of one number whose key and query are 1. -> s W_r, [B, T, D].
Var PoolingModel::scan(Tape& tape, Var x, const Words& words, int direction) {
  const Index B = words.batch, T = words.length, N = B * T, D = config_.width, n = D / 2;
  const auto i = static_cast<std::size_t>(direction);
  const Var pre = linear(tape, x, slots_.on(tape, gate_[i]), slots_.on(tape, gate_bias_[i]), N, {B, T, n});
  const Var fresh = tanh(tape, linear(tape, x, slots_.on(tape, candidate_[i]), {}, N, {B, T, n, 1}));
  const View one = tape.scratch({B, T, n, 1});
  std::fill(one.begin(), one.end(), Real(1));
  const Var unit = tape.constant(one);
  // Kept is 1 - z, written z of what is new.
  const Var s =
      fast_weights(tape, unit, unit, fresh, sigmoid(tape, scale(tape, pre, -1)), sigmoid(tape, pre), false);
  if (direction == 0) return linear(tape, s, slots_.on(tape, read_[i]), {}, N, {B, T, D});
  const Var behind = linear(tape, s, slots_.on(tape, read_[i]), {}, N, {N, D});
  return embedding(tape, behind, words.mirror.data(), B, T);  // its rows put back in the order of x
}
// #endregion minimal-gru

// [B, T, D]: what a place knows when the row is computed.
Var PoolingModel::encode(Tape& tape, const Words& words, Pass& pass, bool watch) {
  const Index B = words.batch, T = words.length, N = B * T, D = config_.width;
  const auto watched = [&](const std::vector<TokenId>& tokens) {
    const Var x = embedding(tape, slots_.on(tape, embedding_), tokens.data(), B, T);
    if (watch) tape.watch(x);
    return x;
  };
  pass.x = watched(words.tokens);
  if (config_.encoder == Encoder::single)
    return tanh(tape, linear(tape, pass.x, slots_.on(tape, in_), slots_.on(tape, in_bias_), N, {B, T, D}));
  if (config_.encoder == Encoder::attention) {
    const Var placed = add_rows(tape, pass.x, slice_rows(tape, slots_.on(tape, position_), 0, T));
    const auto project = [&](const Slot& w) {
      return linear(tape, placed, slots_.on(tape, w), {}, N, {B, T, 1, D});
    };
    AttentionOptions options;
    options.scale = 1 / std::sqrt(static_cast<Real>(D));
    const Var z = attention(tape, project(query_), project(key_), project(value_), options);
    return add(tape, placed, linear(tape, z, slots_.on(tape, output_), {}, N, {B, T, D}));
  }
  pass.reversed = watched(words.backwards);
  return add(tape, scan(tape, pass.x, words, 0), scan(tape, pass.reversed, words, 1));
}

// #region pooling
PoolingModel::Pass PoolingModel::forward(Tape& tape, const Words& words, const AttentionTap* account) {
  const Index B = words.batch, T = words.length, N = B * T, D = config_.width;
  Pass pass;
  const Var h = encode(tape, words, pass, account != nullptr);
  pass.keys =
      tanh(tape, linear(tape, h, slots_.on(tape, score_), slots_.on(tape, score_bias_), N, {B, T, 1, D}));
  pass.values = linear(tape, h, slots_.on(tape, carried_), {}, N, {B, T, 1, D});
  Var keys = pass.keys;
  AttentionOptions options;
  options.tap = account;
  // An account asks what the words do while the row stands: no gradient goes through the weights.
  if (account) tape.detach(keys = copy(tape, keys));
  const View ones = tape.scratch({B, 1});
  std::fill(ones.begin(), ones.end(), Real(1));
  const Var query = linear(tape, tape.constant(ones), slots_.on(tape, asks_), {}, B, {B, 1, 1, D});
  const Var mixed = attention(tape, query, keys, pass.values, options);  // one query, T keys: α and Σ α_t v_t
  pass.logits = linear(tape, mixed, slots_.on(tape, classes_), slots_.on(tape, classes_bias_), B, {B, 2});
  const Var marks = tape.constant(ConstView(words.allowed.data(), Shape{B, T, 1, 1}));
  pass.allowed = attention(tape, query, keys, marks, {});  // the same row, over marks: its mass on them
  return pass;
}
// #endregion pooling

StepMetrics PoolingModel::step() {
  Rng rng = stream_of_step(config_.seed, slots_.steps());
  words_ = draw(config_.batch, rng);
  tape_.reset();
  const Pass pass = forward(tape_, words_);
  CrossEntropy ce = cross_entropy(tape_, pass.logits, words_.targets.data(), nullptr);
  if (config_.penalty > 0) ce.loss = deceive(tape_, ce.loss, pass.allowed, config_.penalty);
  return slots_.step(tape_, ce, config_.learning_rate);
}

PoolingExam PoolingModel::evaluate(Index batch) {
  Rng rng = stream(config_.seed, Stream::evaluation);
  const Words words = draw(batch, rng);
  evaluation_.reset();
  const Pass pass = forward(evaluation_, words);
  const CrossEntropy ce = cross_entropy(evaluation_, pass.logits, words.targets.data(), nullptr);
  PoolingExam exam;
  exam.loss = evaluation_.value(ce.loss)[0], exam.accuracy = ce.accuracy;
  for (const Real allowed : evaluation_.value(pass.allowed))
    exam.mass += (1 - allowed) / static_cast<Real>(batch);
  return exam;
}

std::vector<double> PoolingModel::logits(const Words& words) {
  evaluation_.reset();
  const ConstView logits = evaluation_.value(forward(evaluation_, words).logits);
  std::vector<double> out(at(words.batch));
  for (Index b = 0; b < words.batch; ++b)
    out[at(b)] = static_cast<double>(logits[2 * b + 1]) - static_cast<double>(logits[2 * b]);
  return out;
}

double change_of_answer(double a, double b) {
  const double side = a + b > 0 ? 1 : -1;  // sigmoid(a) - sigmoid(b) = sigmoid(-b) - sigmoid(-a)
  return std::fabs(1 / (1 + std::exp(side * a)) - 1 / (1 + std::exp(side * b)));
}

// #region accounts
// What the words do while the row stands: x_t · ∂(logit of + less that of -)/∂x_t, of both ways of reading.
void PoolingModel::account_gradients(const Words& words, PoolingAccounts& out) {
  const Index M = words.batch, T = words.length, D = config_.width;
  const Observed row(out.weight);
  Tape tape(Tape::Mode::training);
  const Pass pass = forward(tape, words, &row);
  std::vector<Real> signs(at(2 * M), 1);
  for (Index b = 0; b < M; ++b) signs[at(2 * b)] = -1;
  tape.backward(weighted_sum(tape, pass.logits, ConstView(signs.data(), Shape{M, 2})));
  const auto along = [&](Var x, Index place) {
    double sum = 0;
    for (Index c = 0; c < D; ++c)
      sum += static_cast<double>(tape.value(x)[place * D + c]) *
             static_cast<double>(tape.grad(x)[place * D + c]);
    return sum;
  };
  const ConstView classes = slots_.value(classes_), values = tape.value(pass.values);
  for (Index i = 0; i < M * T; ++i) {
    double sum = along(pass.x, i), pull = 0;
    if (pass.reversed.valid()) sum += along(pass.reversed, words.mirror[at(i)]);
    for (Index c = 0; c < D; ++c)
      pull +=
          static_cast<double>(values[i * D + c]) * static_cast<double>(classes[2 * c + 1] - classes[2 * c]);
    out.gradient.push_back(std::fabs(sum)), out.pull.push_back(pull);
  }
}

PoolingAccounts PoolingModel::accounts(Index sentences) {
  const Index T = config_.length;
  Rng rng = stream(config_.seed, Stream::evaluation);
  const Words words = draw(sentences, rng);
  PoolingAccounts out;
  out.tokens = words.tokens, out.logit = logits(words);
  account_gradients(words, out);
  Words shorter;  // every sentence T times, each time without one of its words
  shorter.batch = sentences * T, shorter.length = T - 1;
  for (Index i = 0; i < sentences * T; ++i)
    for (Index t = 0; t < T; ++t)
      if (t != i % T) shorter.tokens.push_back(words.tokens[at(i / T * T + t)]);
  arrange(shorter);
  const std::vector<double> without = logits(shorter);
  for (Index i = 0; i < sentences * T; ++i)
    out.left_out.push_back(change_of_answer(out.logit[at(i / T)], without[at(i)]));
  return out;
}
// #endregion accounts

}  // namespace attn
