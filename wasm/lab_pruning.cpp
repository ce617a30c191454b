// Chapter 12: which heads and which weights can go, and what is left when they are gone.
#include <algorithm>
#include <cmath>

#include "attn/adapt/attention_masks.hpp"
#include "attn/adapt/fine_tuning.hpp"
#include "attn/adapt/head_gates.hpp"
#include "attn/adapt/head_importance.hpp"
#include "attn/adapt/head_removal.hpp"
#include "attn/analysis/activations.hpp"
#include "attn/analysis/head_writes.hpp"
#include "lab_asked.hpp"

namespace attn::wasm {

namespace {

using io::Json;

constexpr Index max_task_batch = 1024, max_gate_steps = 1000, gate_exam = 64;

// Sequences of a task and the loss over the positions that count.
struct Exam {
  TokenBatch inputs;
  Metric loss;
};

Exam make_exam(const TaskConfig& task, Index batch, std::uint64_t seed) {
  TaskBatch drawn = attn::exam_of(task, Goal::same, batch, seed);  // what taskBatch of this seed shows
  Metric loss = asked(drawn);
  return {std::move(drawn.inputs), std::move(loss)};
}

Exam exam_of(const Fields& fields, const ModelConfig& config) {
  const Index batch = fields.index("batch", 1, max_task_batch);
  return make_exam(task_for(fields, config, batch), batch, fields.seed("seed"));
}

Outcome outcome(const Model& model, const Exam& exam) {
  const Tensor logits = record(model, exam.inputs, {}).logits;
  return {measure(exam.loss, logits), accuracy(exam.loss, logits)};
}

void put(Reply& reply, const Outcome& o) {
  reply.value.set("loss", json_of(o.loss));
  reply.value.set("accuracy", json_of(o.accuracy));
}

std::vector<HeadRef> random_order(const ModelConfig& c, Rng& rng) {
  std::vector<HeadRef> order;
  for (const Index i : permutation(c.layers * c.heads, rng))
    order.push_back({static_cast<int>(i / c.heads), static_cast<int>(i % c.heads)});
  return order;
}

MaskBy mask_by(const std::string& how) {
  if (how == "magnitude") return MaskBy::magnitude;
  if (how == "wanda") return MaskBy::wanda;
  if (how == "random") return MaskBy::random;
  throw Refusal(ErrorCode::malformed, "how must be magnitude, wanda or random");
}

Tensor flat_weights(const Model& model) {
  const ConstView flat = model.parameters.flat();
  return Tensor(flat.shape, std::vector<Real>(flat.begin(), flat.end()));
}

GateConfig gate_config(const Fields& fields) {
  GateConfig config;
  config.batch = fields.index_or("batch", 1, max_task_batch, config.batch);
  config.penalty = fields.number_or("penalty", config.penalty);
  config.start = fields.number_or("start", config.start);
  config.learning_rate = fields.number_or("learning_rate", config.learning_rate);
  config.gate_learning_rate = fields.number_or("gate_learning_rate", config.gate_learning_rate);
  config.seed = fields.seed("seed");
  for (const Real x : {config.penalty, config.learning_rate, config.gate_learning_rate})
    if (!(x >= 0 && x <= 100)) throw Refusal(ErrorCode::out_of_range, "prices and rates must be in [0, 100]");
  if (!(std::fabs(config.start) <= 20)) throw Refusal(ErrorCode::out_of_range, "start must be in [-20, 20]");
  return config;
}

}  // namespace

// The weights of a head must be there as Real: stored ones are read, not pruned.
const Model& LabSession::prunable(const Fields& fields) const {
  const Model& m = model(fields);
  if (m.parameters.has_stored())
    throw Refusal(ErrorCode::unsupported, "a model kept in sixteen bits cannot be pruned");
  if (!m.config.unembed) throw Refusal(ErrorCode::unsupported, "this model predicts no tokens");
  return m;
}

Reply LabSession::head_importance(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& whole = prunable(fields);
  const Exam exam = exam_of(fields, whole.config);
  const Model m = without_heads(whole, head_refs(fields, "gone", whole.config));
  Reply reply;
  put(reply, outcome(m, exam));
  Rng rng(fields.seed("seed"));
  const auto ablated = [&](Ablation how) { return ablation_importance(m, exam.inputs, exam.loss, how, rng); };
  if (fields.flag_or("gradient", true))
    for (const auto& [name, of] : {std::pair{"example", ImportanceOf::example},
                                   {"token", ImportanceOf::token},
                                   {"batch", ImportanceOf::batch}})
      reply.tensors.push_back({name, attn::head_importance(m, exam.inputs, exam.loss, of)});
  if (fields.flag_or("zero", true)) reply.tensors.push_back({"zero", ablated(Ablation::zero)});
  if (fields.flag_or("mean", false)) reply.tensors.push_back({"mean", ablated(Ablation::mean)});
  if (fields.flag_or("writes", false)) {
    HeadWrites writes = head_writes(m, exam.inputs, exam.loss.answers);
    reply.tensors.push_back({"asked", std::move(writes.asked)});
    reply.tensors.push_back({"other", std::move(writes.other)});
    reply.tensors.push_back({"largest", std::move(writes.largest)});
  }
  return reply;
}

Reply LabSession::removal_curve(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = prunable(fields);
  const Exam exam = exam_of(fields, m.config);
  Rng rng(fields.seed("draw"));
  const std::vector<HeadRef> order =
      fields.has("order") ? head_refs(fields, "order", m.config) : random_order(m.config, rng);
  const std::vector<Outcome> curve =
      attn::removal_curve(m, exam.inputs, exam.loss, order, Ablation::zero, rng);
  Tensor loss(Shape{static_cast<Index>(curve.size())}), right = loss;
  for (std::size_t i = 0; i < curve.size(); ++i)
    loss.data[i] = curve[i].loss, right.data[i] = curve[i].accuracy;
  Json taken = Json::array();
  for (const HeadRef& h : order) {
    Json head = Json::object();
    head.set("layer", json_of_count(h.layer));
    head.set("head", json_of_count(h.head));
    taken.push(std::move(head));
  }
  Reply reply;
  reply.value.set("order", std::move(taken));
  reply.tensors.push_back({"loss", std::move(loss)});
  reply.tensors.push_back({"accuracy", std::move(right)});
  return reply;
}

Reply LabSession::prune_heads(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = prunable(fields);
  const std::vector<HeadRef> gone = head_refs(fields, "remove", m.config);
  Model pruned;
  if (fields.flag_or("slice", false)) {
    std::vector<std::vector<int>> kept(static_cast<std::size_t>(m.config.layers));
    for (int l = 0; l < static_cast<int>(m.config.layers); ++l)
      for (int h = 0; h < static_cast<int>(m.config.heads); ++h)
        if (std::none_of(gone.begin(), gone.end(), [=](HeadRef r) { return r.layer == l && r.head == h; }))
          kept[static_cast<std::size_t>(l)].push_back(h);
    pruned = sliced_heads(m, kept);
  } else {
    pruned = without_heads(m, gone);
  }
  Reply reply;
  reply.value.set("config", json_of_text(to_json(pruned.config)));
  reply.tensors.push_back({"weights", flat_weights(pruned)});
  return reply;
}

Reply LabSession::mask_weights(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = prunable(fields);
  const Exam exam = exam_of(fields, m.config);
  const MaskBy by = mask_by(fields.text("how"));
  const Real fraction = fields.number_or("fraction", 0);
  if (!(fraction >= 0 && fraction <= 1)) throw Refusal(ErrorCode::out_of_range, "fraction must be in [0, 1]");
  const std::uint64_t seed = fields.seed("calibration");
  Rng rng = stream(seed, Stream::probe);
  const Exam calibration = make_exam(task_for(fields, m.config, exam.inputs.batch), exam.inputs.batch, seed);
  Reply reply;
  put(reply, outcome(masked_attention(m, calibration.inputs, by, fraction, rng), exam));
  return reply;
}

// State in, state out: nothing of the run stays here, so that a page may stop, go on or compare as it likes.
Reply LabSession::gate_steps(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = prunable(fields);
  const GateConfig config = gate_config(fields);
  check_size(m.config, true, config.batch);
  const TaskConfig task = task_for(fields, m.config, config.batch);
  HeadGates gates(m, task, config);
  if (!request.numbers.empty()) take(gates.restore(request.numbers));
  const Index count = fields.index("count", 0, max_gate_steps);
  StepMetrics last;
  for (Index i = 0; i < count; ++i) last = gates.step();
  Reply reply;
  if (fields.flag_or("measure", true))
    put(reply, outcome(gates.folded(), make_exam(task, gate_exam, config.seed)));
  reply.value.set("step", json_of_count(gates.steps_done()));
  if (count) reply.value.set("trainLoss", json_of(last.loss));
  reply.tensors.push_back({"gates", gates.gates()});
  reply.tensors.push_back({"open", gates.open()});
  if (fields.flag_or("weights", false)) reply.tensors.push_back({"weights", flat_weights(gates.folded())});
  reply.tensors.push_back({"state", row_of(gates.state())});
  return reply;
}

}  // namespace attn::wasm
