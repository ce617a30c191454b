#include "attn/train/schema_model.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "attn/ops/activation.hpp"
#include "attn/ops/elementwise.hpp"
#include "attn/ops/embedding.hpp"
#include "attn/ops/linear.hpp"
#include "attn/ops/softmax_rows.hpp"

namespace attn {
namespace {

Index largest(const Real* row, Index n) { return std::max_element(row, row + n) - row; }

}  // namespace

Status validate(const SchemaConfig& c) {
  for (const Status& status :
       {in_range("places", c.places, 3, 32), in_range("steps", c.steps, 2, 32),
        in_range("settle", c.settle, 0, c.steps - 1), in_range("width", c.width, 1, 128),
        in_range("key_width", c.key_width, 1, 64), in_range("batch", c.batch, 2, 256),
        in_range("noise", c.noise, 0, 2), in_range("turn", c.turn, 0, 1), in_range("pull", c.pull, 0, 20),
        in_range("reach", c.reach, Real(0.1), 20), in_range("captured", c.captured, 0, 1)})
    if (!status.ok()) return status;
  return valid_learning_rate(c.learning_rate);
}

// All wirings have all weights, drawn alike: what differs is only who reads and who teaches.
SchemaModel::SchemaModel(const SchemaConfig& c) : config_(c), ones_(Shape{c.places, 1}), lots_(c.seed) {
  const Index D = c.width, P = c.places;
  Rng rng = stream(c.seed, Stream::init);
  const auto from = [](Index inputs) { return 1 / std::sqrt(static_cast<Real>(inputs)); };
  query_ = slots_.add({D, c.key_width}, from(D), rng);
  query_bias_ = slots_.add({c.key_width}, 0, rng);
  place_ = slots_.add({c.key_width, P}, 1, rng);
  schema_state_ = slots_.add({D, P}, from(D), rng);
  schema_row_ = slots_.add({P, P}, from(P), rng);
  schema_bias_ = slots_.add({P}, 0, rng);
  answer_ = slots_.add({D, P}, from(D), rng);
  answer_bias_ = slots_.add({P}, 0, rng);
  gate_ = layer(rng);
  candidate_ = layer(rng);
  std::fill(ones_.data.begin(), ones_.data.end(), Real(1));
}

SchemaModel::Layer SchemaModel::layer(Rng& rng) {
  const Index D = config_.width, P = config_.places;
  Layer l;
  l.state = slots_.add({D, D}, 1 / std::sqrt(static_cast<Real>(D)), rng);
  l.told = slots_.add({1, D}, 1, rng);
  l.row = slots_.add({P, D}, 1 / std::sqrt(static_cast<Real>(P)), rng);
  l.bias = slots_.add({D}, 0, rng);
  return l;
}

// #region schema-look
// α_t = softmax(r tanh(q(h_{t-1}) · place / r) + pull), [B, P]: the state asks, no louder than r, and the
// salient place may have its way.
Var SchemaModel::weigh(Tape& tape, Var state, Index t, Index B) {
  const Index P = config_.places;
  const Var q =
      linear(tape, state, slots_.on(tape, query_), slots_.on(tape, query_bias_), B, {B, config_.key_width});
  const Var asked = linear(tape, q, slots_.on(tape, place_), {}, B, {B, P});
  const Var heard = scale(tape, tanh(tape, scale(tape, asked, 1 / config_.reach)), config_.reach);
  return softmax_rows(tape, attn::add(tape, heard, tape.constant(std::as_const(pull_).view().sub(t))));
}

// The next row, foretold from the state and the row before: a model of one's own attention.
Var SchemaModel::predict(Tape& tape, Var state, Var before, Index B) {
  const Shape rows{B, config_.places};
  const Var own = linear(tape, state, slots_.on(tape, schema_state_), slots_.on(tape, schema_bias_), B, rows);
  return attn::add(tape, own, linear(tape, before, slots_.on(tape, schema_row_), {}, B, rows));
}
// #endregion

Var SchemaModel::read(Tape& tape, const Layer& l, Var state, Var told, Var row, Index B) {
  const Shape out{B, config_.width};
  Var z = attn::add(tape, linear(tape, state, slots_.on(tape, l.state), slots_.on(tape, l.bias), B, out),
                    linear(tape, told, slots_.on(tape, l.told), {}, B, out));
  return row.valid() ? attn::add(tape, z, linear(tape, row, slots_.on(tape, l.row), {}, B, out)) : z;
}

// h_t = h_{t-1} + u (c - h_{t-1}): a gate and a candidate, as in a GRU.
Var SchemaModel::update(Tape& tape, Var state, Var told, Var row, Index B) {
  const Var u = sigmoid(tape, read(tape, gate_, state, told, row, B));
  const Var c = tanh(tape, read(tape, candidate_, state, told, row, B));
  return attn::add(tape, state, multiply(tape, u, attn::add(tape, c, scale(tape, state, -1))));
}

Var SchemaModel::foreign_row(Tape& tape, Var row, Index B) {
  const Index P = config_.places;
  const View other = tape.scratch({B, P});
  const ConstView own = tape.value(row);
  for (Index b = 0; b < B; ++b) std::copy_n(own.data + (b + 1) % B * P, P, other.data + b * P);
  return tape.constant(other);
}

std::vector<SchemaModel::Seen> SchemaModel::play(Tape& tape, Index B, bool foreign) {
  const Index D = config_.width, P = config_.places;
  const View zero = tape.scratch({B, D}), even = tape.scratch({B, P});
  std::fill(zero.begin(), zero.end(), Real(0));
  std::fill(even.begin(), even.end(), 1 / static_cast<Real>(P));
  Var state = tape.constant(zero), before = tape.constant(even);
  const SchemaWiring wiring = config_.wiring;
  const ConstView where = std::as_const(where_).view(), noise = std::as_const(noise_).view();
  std::vector<Seen> seen;
  for (Index t = 0; t < config_.steps; ++t) {
    Seen now;
    now.row = weigh(tape, state, t, B);
    if (wiring != SchemaWiring::none && wiring != SchemaWiring::mirror)
      now.prediction = predict(tape, state, before, B);
    const Var hit = linear(tape, multiply(tape, now.row, tape.constant(where.sub(t))),
                           tape.constant(std::as_const(ones_).view()), {}, B, {B, 1});
    const Var told = attn::add(tape, hit, tape.constant(noise.sub(t)));
    Var read_row;
    if (wiring == SchemaWiring::mirror) read_row = tape.constant(tape.value(now.row));
    if (wiring == SchemaWiring::fed || wiring == SchemaWiring::free_)
      read_row = softmax_rows(tape, now.prediction);
    if (foreign && read_row.valid()) read_row = foreign_row(tape, read_row, B);
    state = update(tape, state, told, read_row, B);
    const Var logits =
        linear(tape, state, slots_.on(tape, answer_), slots_.on(tape, answer_bias_), B, {B, P});
    now.answer = cross_entropy(tape, logits, target_.data() + t * B, nullptr);
    before = tape.constant(tape.value(now.row));  // known, but no way back for the gradient
    seen.push_back(now);
  }
  return seen;
}

// -log of the predicted weight of a place drawn from the row itself: on average the cross-entropy of the two.
Var SchemaModel::schema_loss(Tape& tape, const std::vector<Seen>& seen, Index B) {
  const Index P = config_.places;
  Var sum;
  for (Index t = 0; t < config_.steps; ++t) {
    const Seen& now = seen[static_cast<std::size_t>(t)];
    TokenId* drawn = drawn_.data() + t * B;
    const ConstView row = tape.value(now.row);
    for (Index b = 0; b < B; ++b) {
      double left = lots_.uniform();
      Index at = 0;
      for (; at < P - 1; ++at)
        if ((left -= static_cast<double>(row[b * P + at])) < 0) break;
      drawn[b] = static_cast<TokenId>(at);
    }
    const Var one = cross_entropy(tape, now.prediction, drawn, nullptr).loss;
    sum = sum.valid() ? attn::add(tape, sum, one) : one;
  }
  return scale(tape, sum, 1 / static_cast<Real>(config_.steps));
}

void SchemaModel::draw(Index B, Rng& rng) {
  const SchemaConfig& c = config_;
  const Index T = c.steps, P = c.places;
  target_.assign(static_cast<std::size_t>(T * B), 0);
  drawn_.assign(static_cast<std::size_t>(T * B), 0);
  where_ = Tensor(Shape{T, B, P}), pull_ = Tensor(Shape{T, B, P}), noise_ = Tensor(Shape{T, B, 1});
  fill_normal(noise_, rng, c.noise);
  for (Index b = 0; b < B; ++b) {
    Index at = rng.below(P), way = rng.below(2) ? 1 : P - 1;
    const Index salient = rng.below(P);  // all along: its pull can be learned, whether it pulls now cannot
    for (Index t = 0; t < T; ++t) {
      if (rng.uniform() < static_cast<double>(c.turn)) way = P - way;
      at = (at + way) % P;
      target_[static_cast<std::size_t>(t * B + b)] = static_cast<TokenId>(at);
      where_.data[static_cast<std::size_t>((t * B + b) * P + at)] = 1;
      if (rng.uniform() < static_cast<double>(c.captured))
        pull_.data[static_cast<std::size_t>((t * B + b) * P + salient)] = c.pull;
    }
  }
}

StepMetrics SchemaModel::step() {
  Rng rng = stream_of_step(config_.seed, slots_.steps());
  // The lots of the prediction have streams of their own: the task is the same with and without them.
  lots_ = Rng(config_.seed, (std::uint64_t(1) << 32) + static_cast<std::uint64_t>(slots_.steps()));
  draw(config_.batch, rng);
  tape_.reset();
  const std::vector<Seen> seen = play(tape_, config_.batch, false);
  CrossEntropy loss;
  for (Index t = config_.settle; t < config_.steps; ++t) {
    const CrossEntropy& one = seen[static_cast<std::size_t>(t)].answer;
    loss.loss = loss.loss.valid() ? attn::add(tape_, loss.loss, one.loss) : one.loss;
    loss.accuracy += one.accuracy / static_cast<Real>(config_.steps - config_.settle);
  }
  loss.loss = scale(tape_, loss.loss, 1 / static_cast<Real>(config_.steps - config_.settle));
  if (predicts()) loss.loss = attn::add(tape_, loss.loss, schema_loss(tape_, seen, config_.batch));
  return slots_.step(tape_, loss, config_.learning_rate);
}

SchemaExam SchemaModel::evaluate(Index B, bool foreign) {
  Rng rng = stream(config_.seed, Stream::evaluation);
  draw(B, rng);
  evaluation_.reset();
  const std::vector<Seen> seen = play(evaluation_, B, foreign);
  SchemaExam exam;
  const Index P = config_.places, counted = config_.steps - config_.settle;
  const Real each = 1 / static_cast<Real>(counted), one = each / static_cast<Real>(B);
  for (Index t = config_.settle; t < config_.steps; ++t) {
    const Seen& now = seen[static_cast<std::size_t>(t)];
    exam.accuracy += each * now.answer.accuracy;
    exam.loss += each * evaluation_.value(now.answer.loss)[0];
    const ConstView row = evaluation_.value(now.row);
    const Real* before = t > 0 ? evaluation_.value(seen[static_cast<std::size_t>(t - 1)].row).data : row.data;
    const bool predicted = now.prediction.valid();
    const ConstView prediction =
        evaluation_.value(predicted ? softmax_rows(evaluation_, now.prediction) : now.row);
    for (Index b = 0; b < B; ++b) {
      const Real *p = row.data + b * P, *q = prediction.data + b * P;
      exam.on_target += one * p[target_[static_cast<std::size_t>(t * B + b)]];
      exam.stale_match += largest(p, P) == largest(before + b * P, P) ? one : 0;
      if (!predicted) continue;
      exam.match += largest(p, P) == largest(q, P) ? one : 0;
      for (Index i = 0; i < P; ++i)
        if (p[i] > 0) exam.divergence += one * p[i] * std::log(p[i] / std::max(q[i], Real(1e-30)));
    }
  }
  return exam;
}

}  // namespace attn
