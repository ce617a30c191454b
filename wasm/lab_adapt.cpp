// Chapter 11: adapters on a frozen model, what they did to its heads, and weights in four bits.
#include <algorithm>
#include <cmath>

#include "attn/adapt/fine_tuning.hpp"
#include "attn/adapt/four_bits.hpp"
#include "attn/adapt/head_change.hpp"
#include "attn/analysis/activations.hpp"
#include "lab_asked.hpp"

namespace attn::wasm {

namespace {

using io::Json;

constexpr Index max_adapt_steps = 400, max_adapt_batch = 256, adapt_exam = 128, drawn_weights = 65536;
constexpr FourBits codes[] = {FourBits::normal_float, FourBits::integer, FourBits::floating};

Goal goal_of(const Fields& fields) {
  return static_cast<Goal>(fields.choice("goal", {"same", "shift", "permute"}));
}

FineTuneConfig tuning_of(const Fields& fields, const ModelConfig& model) {
  FineTuneConfig c;
  c.goal = goal_of(fields);
  for (const char role : fields.text("matrices")) switch (role) {
      case 'q': c.lora.query = true; break;
      case 'k': c.lora.key = true; break;
      case 'v': c.lora.value = true; break;
      case 'o': c.lora.output = true; break;
      default: throw Refusal(ErrorCode::malformed, "matrices: some of the letters q, k, v, o");
    }
  if (fields.has("layers"))
    for (const Index l : fields.indices("layers", 0, model.layers - 1))
      c.lora.layers.push_back(static_cast<int>(l));
  c.lora.rank = fields.index("rank", 0, model.width);
  c.lora.alpha = fields.number_or("alpha", static_cast<Real>(std::max<Index>(c.lora.rank, 1)));
  c.lora.rank_stabilised = fields.flag_or("stabilised", false);
  c.lora.dead = fields.flag_or("dead", false);
  c.learning_rate = fields.number_in("learning_rate", 0, 1, c.learning_rate);
  c.batch = fields.index_or("batch", 1, max_adapt_batch, c.batch);
  c.seed = fields.seed("seed");
  take(validate(c.lora, model));
  return c;
}

std::vector<Real> drawn(Index kind, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<Real> out;
  for (Index i = 0; i < drawn_weights; ++i) {
    double x = kind == 2 ? 2 * rng.uniform() - 1 : rng.normal();
    if (kind == 1) {  // Student's t with five degrees of freedom
      double squares = 0;
      for (int j = 0; j < 5; ++j) squares += std::pow(rng.normal(), 2);
      x /= std::sqrt(squares / 5);
    }
    out.push_back(static_cast<Real>(x));
  }
  return out;
}

bool quantised_name(const std::string& name) {
  return name.find(".attn.W_") != std::string::npos || name.find(".mlp.W_") != std::string::npos;
}

// A matrix of a model as a linear layer of PyTorch keeps it, [out, in]: a block is inputs of one output.
std::vector<Real> by_outputs(ConstMatrix w) {
  std::vector<Real> out;
  for (Index o = 0; o < w.cols; ++o)
    for (Index i = 0; i < w.rows; ++i) out.push_back(w(i, o));
  return out;
}

Quantised quantise_matrix(Matrix w, FourBits code, Index block, bool double_scales) {
  const std::vector<Real> rows = by_outputs(w);
  Quantised q = quantise(rows.data(), static_cast<Index>(rows.size()), code, block, double_scales);
  for (Index o = 0; o < w.cols; ++o)
    for (Index i = 0; i < w.rows; ++i) w(i, o) = q.values[static_cast<std::size_t>(o * w.rows + i)];
  return q;
}

// [in, out] of a parameter: W_O's inputs are its first two axes, all others have one.
Matrix folded(Model& m, const ParameterInfo& info) {
  const bool output = info.name.find("W_O") != std::string::npos;
  const Index in = output ? info.shape.size() / info.shape[-1] : info.shape[0];
  return {m.parameters[info.name].data, in, info.shape.size() / in};
}

// How a model does on the request's text or task before and after; without either nothing is asked.
struct Judge {
  TokenBatch text;
  Metric metric;
  std::vector<Real> loss, right;  // of every model heard so far

  void hear(const Model& m) {
    if (metric.answers.empty()) return;
    const Tensor logits = record(m, text, {}).logits;
    loss.push_back(attn::measure(metric, logits)), right.push_back(accuracy(metric, logits));
  }
};

Judge judge_of(const Fields& fields, const ModelConfig& config) {
  Judge judge;
  if (fields.has("tokens")) {
    judge.text = sequence(fields, "tokens", config);
    judge.metric = next_token_loss(judge.text);
  } else if (fields.has("task")) {
    const Index batch = fields.index("batch", 1, max_adapt_batch);
    TaskBatch exam = exam_of(task_for(fields, config, batch), Goal::same, batch, fields.seed("seed"));
    judge.metric = asked(exam);
    judge.text = std::move(exam.inputs);
  }
  return judge;
}

// What one code makes of all matrices of the blocks, counts and errors added up; the judge hears the result.
Quantised quantised_model(const Model& whole, FourBits code, Index block, bool twice, Judge& judge) {
  Quantised sum;
  Model small = whole;
  for (const ParameterInfo& info : small.parameters.table()) {
    if (!quantised_name(info.name)) continue;
    const Quantised q = quantise_matrix(folded(small, info), code, block, twice);
    for (std::size_t i = 0; i < 16; ++i) sum.used[i] += q.used[i];
    sum.squared_error += q.squared_error, sum.squares += q.squares;
  }
  judge.hear(small);
  return sum;
}

Quantised quantised_draws(Index kind, std::uint64_t seed, FourBits code, Index block, bool twice) {
  const std::vector<Real> weights = drawn(kind, seed);
  return quantise(weights.data(), drawn_weights, code, block, twice);
}

}  // namespace

// State in, state out, as gate_steps.
Reply LabSession::adapt_steps(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& base = dense(model(fields));
  const FineTuneConfig config = tuning_of(fields, base.config);
  check_size(base.config, true, config.batch);
  FineTuning run(base, task_for(fields, base.config, std::max(config.batch, adapt_exam)), config);
  go_on(run, request, fields, max_adapt_steps);
  Reply reply;
  reply.value.set("step", json_of_count(run.steps_done()));
  reply.value.set("parameters", json_of_count(static_cast<Index>(run.lora().weights().size())));
  if (fields.flag_or("measure", true)) {
    const StepMetrics now = run.evaluate(config.goal, adapt_exam),
                      before = run.evaluate(Goal::same, adapt_exam);
    reply.value.set("loss", json_of(now.loss));
    reply.value.set("accuracy", json_of(now.accuracy));
    reply.value.set("keptLoss", json_of(before.loss));
    reply.value.set("kept", json_of(before.accuracy));
  }
  if (fields.flag_or("weights", false)) {
    const ConstView flat = run.merged().parameters.flat();
    reply.tensors.push_back({"weights", Tensor(flat.shape, std::vector<Real>(flat.begin(), flat.end()))});
  }
  reply.tensors.push_back({"state", row_of(run.state())});
  return reply;
}

Reply LabSession::head_change(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& base = dense(model(fields));
  const Index batch = fields.index("batch", 1, max_adapt_batch);
  const TaskConfig task = task_for(fields, base.config, batch);
  if (base.config.resolved_kv_heads() != base.config.heads || base.config.shared_qk || base.config.shared_kv)
    throw Refusal(ErrorCode::unsupported, "heads are compared where each has matrices of its own");
  check_runs(static_cast<double>(2 * base.config.layers * (base.config.heads + 1) * batch));
  Model tuned = base;
  if (static_cast<Index>(request.numbers.size()) != tuned.parameters.size())
    throw Refusal(ErrorCode::mismatch, "the tuned model has " + std::to_string(request.numbers.size()) +
                                           " weights, the base " + std::to_string(tuned.parameters.size()));
  std::copy(request.numbers.begin(), request.numbers.end(), tuned.parameters.flat().data);
  const TaskBatch exam = exam_of(task, goal_of(fields), batch, fields.seed("seed"));
  HeadChange change = attn::head_change(base, tuned, exam.inputs, asked(exam));
  Reply reply;
  reply.value.set("base", json_of(change.base));
  reply.value.set("tuned", json_of(change.tuned));
  reply.tensors.push_back({"weights", std::move(change.weights)});
  reply.tensors.push_back({"divergence", std::move(change.divergence)});
  reply.tensors.push_back({"enough", std::move(change.enough)});
  reply.tensors.push_back({"needed", std::move(change.needed)});
  reply.tensors.push_back({"layerEnough", std::move(change.layer_enough)});
  reply.tensors.push_back({"layerNeeded", std::move(change.layer_needed)});
  return reply;
}

Reply LabSession::first_step(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& base = dense(model(fields));
  const FineTuneConfig config = tuning_of(fields, base.config);
  if (config.lora.rank == 0) throw Refusal(ErrorCode::out_of_range, "the first step of factors needs a rank");
  check_size(base.config, true, config.batch);
  const FirstStep step = attn::first_step(base, task_for(fields, base.config, config.batch), config);
  Reply reply;
  reply.value.set("movedA", json_of(step.moved_a));
  reply.value.set("movedB", json_of(step.moved_b));
  reply.value.set("formula", json_of(step.formula));
  reply.value.set("cosine", json_of(step.cosine));
  reply.value.set("stableRank", json_of(step.rank_of_g));
  return reply;
}

Reply LabSession::four_bits(const Request& request) {
  const Fields fields(request.json, "request");
  const Index source = fields.choice("source", {"normal", "student", "uniform", "model"});
  const Index block = fields.index("block", 8, 4096);
  const bool twice = fields.flag_or("double", false);
  const Model* whole = source == 3 ? &dense(model(fields)) : nullptr;
  Judge judge = whole ? judge_of(fields, whole->config) : Judge{};
  if (whole) judge.hear(*whole);
  std::vector<Real> error, entropy;
  Tensor used(Shape{3, 16}), places(Shape{3, 16});
  double numbers = 0;
  for (std::size_t c = 0; c < 3; ++c) {
    const Quantised sum = whole ? quantised_model(*whole, codes[c], block, twice, judge)
                                : quantised_draws(source, fields.seed("seed"), codes[c], block, twice);
    numbers = 0;
    for (const Index n : sum.used) numbers += static_cast<double>(n);
    const std::vector<Real> at = levels(codes[c]);
    for (std::size_t i = 0; i < 16; ++i) {
      used.data[c * 16 + i] = static_cast<Real>(static_cast<double>(sum.used[i]) / numbers);
      places.data[c * 16 + i] = i < at.size() ? at[i] : Real(0);
    }
    error.push_back(static_cast<Real>(sum.relative_error()));
    entropy.push_back(static_cast<Real>(sum.entropy()));
  }
  Reply reply;
  reply.value.set("bits", json_of_double(bits_per_weight(block, twice)));
  reply.value.set("weights", json_of_double(numbers));
  reply.tensors.push_back({"error", row_of(std::move(error))});
  reply.tensors.push_back({"entropy", row_of(std::move(entropy))});
  reply.tensors.push_back({"used", std::move(used)});
  reply.tensors.push_back({"levels", std::move(places)});
  if (!judge.metric.answers.empty()) {
    reply.tensors.push_back({"loss", row_of(std::move(judge.loss))});
    reply.tensors.push_back({"accuracy", row_of(std::move(judge.right))});
  }
  return reply;
}

}  // namespace attn::wasm
