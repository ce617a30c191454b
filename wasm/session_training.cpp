// Training in pieces that return soon: the client decides how many steps fit into a slice.
#include <cmath>

#include "attn/math/softmax.hpp"
#include "session.hpp"

namespace attn::wasm {

namespace {

using io::Json;

Json number(double x) { return Json::of(x); }

constexpr Index max_task_batch = 4096;

Json metrics(const StepMetrics& m) {
  Json row = Json::object();
  row.set("step", number(static_cast<double>(m.step)));
  row.set("loss", json_of(m.loss));
  row.set("accuracy", json_of(m.accuracy));
  row.set("grad_norm", json_of(m.grad_norm));
  row.set("learning_rate", json_of(m.learning_rate));
  return row;
}

template <class T>
Json rows(const std::vector<T>& values, Index batch, Index length) {
  Json out = Json::array();
  for (Index b = 0; b < batch; ++b) {
    Json row = Json::array();
    for (Index t = 0; t < length; ++t)
      row.push(number(static_cast<double>(values[static_cast<std::size_t>(b * length + t)])));
    out.push(std::move(row));
  }
  return out;
}

// Mean over positions of KL(p || q) = sum_v p_v (log p_v - log q_v); p [B, T, k] probabilities, q [B, T, V]
// as logits, k <= V.
Real mean_divergence(ConstView p, ConstView logits) {
  const Index V = logits.shape[-1], k = p.shape[-1], positions = logits.size() / V;
  double sum = 0;
  for (Index i = 0; i < positions; ++i) {
    const Real* row = logits.data + i * V;
    const double log_z = log_sum_exp(row, V);
    for (Index v = 0; v < k; ++v) {
      const double pv = p[i * k + v];
      if (pv > 0) sum += pv * (std::log(pv) - (row[v] - log_z));
    }
  }
  return static_cast<Real>(sum / static_cast<double>(positions));
}

// How far the model is from each of the three strategies of Edelman et al. 2024 on this batch of chains over
// k tokens, of which the model may know more.
Json strategies(const Model& model, const TokenBatch& batch, Index k) {
  Tape tape(Tape::Mode::inference);
  const ConstView logits = tape.value(forward(tape, model, batch));
  Json out = Json::object();
  out.set("uniform", json_of(mean_divergence(strategy_probabilities(batch, k, Strategy::uniform), logits)));
  out.set("unigram", json_of(mean_divergence(strategy_probabilities(batch, k, Strategy::unigram), logits)));
  out.set("bigram", json_of(mean_divergence(strategy_probabilities(batch, k, Strategy::bigram), logits)));
  return out;
}

}  // namespace

Reply Session::task_batch(const Request& request) {
  const Fields fields(request.json, "request");
  const TaskConfig task = take(task_config_from_json(fields.at("task").dump()));
  take(validate(task));
  const Index B = fields.index("batch", 1, max_task_batch), T = task.length;
  if (T > 0 && B > 1048576 / T)
    throw Refusal(ErrorCode::too_large, "more than a million tokens in one batch");
  Rng rng = stream(fields.seed("seed"), Stream::evaluation);
  const TaskBatch batch = make_batch(task, B, rng);
  Reply reply;
  reply.value.set("tokens", rows(batch.inputs.tokens, B, T));
  reply.value.set("targets", rows(batch.targets, B, T));
  reply.value.set("weights", rows(batch.weights, B, T));
  reply.value.set("match", rows(batch.match, B, T));
  return reply;
}

Reply Session::train_steps(const Request& request) {
  const Fields fields(request.json, "request");
  HeldTrainer& h = held(fields);
  const Index count = fields.index("count", 1, 1000000);
  for (Index i = 0; i < count; ++i) {
    h.last = h.trainer->step();
    if (!std::isfinite(h.last.loss) || !std::isfinite(h.last.grad_norm)) break;  // diverged: see Trainer
  }
  Reply reply;
  reply.value = metrics(h.last);
  return reply;
}

Reply Session::measure(const Request& request) {
  const Fields fields(request.json, "request");
  HeldTrainer& h = held(fields);
  const StepMetrics evaluated = h.trainer->evaluate(h.evaluation);
  // Before the first step there is no training loss: the held-out one stands in.
  StepMetrics m = h.last;
  if (m.learning_rate == 0 && m.loss == 0) {
    m.loss = evaluated.loss;
    m.accuracy = evaluated.accuracy;
  }
  m.step = h.trainer->steps_done();
  Reply reply;
  reply.value = metrics(m);
  reply.value.set("evalLoss", json_of(evaluated.loss));
  reply.value.set("evalAccuracy", json_of(evaluated.accuracy));
  const Model& trained = h.trainer->model();
  reply.value.set("heads", h.probe.batch ? json_of(attn::head_scores(trained, h.probe)) : Json::array());
  const TaskConfig& task = h.trainer->config().task;
  if (task.kind == TaskKind::markov)
    reply.value.set("strategies", strategies(trained, h.evaluation.inputs, task.vocab));
  if (fields.flag_or("weights", false)) {
    const ConstView flat = trained.parameters.flat();
    reply.tensors.push_back({"weights", Tensor(flat.shape, std::vector<Real>(flat.begin(), flat.end()))});
  }
  return reply;
}

Reply Session::snapshot(const Request& request) {
  Reply reply;
  reply.bytes = held(Fields(request.json, "request")).trainer->snapshot();
  return reply;
}

}  // namespace attn::wasm
