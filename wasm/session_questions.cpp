// What a page may ask a model: activations, scores, circuits, contributions, continuations.
#include <algorithm>
#include <cmath>
#include <optional>

#include "attn/analysis/circuits.hpp"
#include "attn/analysis/interventions.hpp"
#include "attn/analysis/pattern_fit.hpp"
#include "attn/math/softmax.hpp"
#include "session.hpp"

namespace attn::wasm {

Tensor next_token_losses(ConstView logits, const TokenBatch& batch) {
  const Index B = batch.batch, T = batch.length, V = logits.shape[-1];
  Tensor losses(Shape{B, T - 1});
  for (Index b = 0; b < B; ++b)
    for (Index t = 0; t + 1 < T; ++t) {
      const Real* row = logits.data + (b * T + t) * V;
      const TokenId next = batch.tokens[static_cast<std::size_t>(b * T + t + 1)];
      losses.data[static_cast<std::size_t>(b * (T - 1) + t)] = log_sum_exp(row, V) - row[next];
    }
  return losses;
}

namespace {

using io::Json;

Json number(double x) { return Json::of(x); }

HookPoint hook(const std::string& name, const ModelConfig& config) {
  const std::optional<HookPoint> point = hook_point(name);
  if (!point) throw Refusal(ErrorCode::out_of_range, "there is no activation named " + Json::of(name).dump());
  if (point->layer >= config.layers)
    throw Refusal(ErrorCode::out_of_range,
                  name + ": the model has " + std::to_string(config.layers) + " layers");
  return *point;
}

Ablation ablation(const std::string& how) {
  if (how == "zero") return Ablation::zero;
  if (how == "mean") return Ablation::mean;
  if (how == "resample") return Ablation::resample;
  throw Refusal(ErrorCode::malformed, "ablate.how must be zero, mean or resample");
}

// One activation to put in place of the model's own.
struct Replacement {
  std::string name;
  Shape shape;
  const Real* values = nullptr;  // into Request::numbers
  bool done = false;
  Shape wanted;  // what the model has there, when it differs
};

void check_replacement(const Replacement& r, HookPoint point) {
  for (Index i = 0; i < r.shape.size(); ++i) {
    const bool masked = point.site == Site::attn_scores && std::isinf(r.values[i]) && r.values[i] < 0;
    if (!std::isfinite(r.values[i]) && !masked)
      throw Refusal(ErrorCode::non_finite,
                    "replace " + r.name + ": value " + std::to_string(i) + " is not finite");
  }
}

std::vector<Replacement> replacements(const Fields& fields, const Request& request,
                                      const ModelConfig& config) {
  std::vector<Replacement> out;
  if (!fields.has("replace")) return out;
  Index used = 0;
  const Index given = static_cast<Index>(request.numbers.size());
  for (const Json& item : fields.list("replace")) {
    const Fields entry(item, "replace");
    Replacement r;
    r.name = entry.text("name");
    const HookPoint point = hook(r.name, config);
    const std::vector<Index> extents = entry.indices("shape", 0, given);
    double size = 1;
    for (Index extent : extents) size *= static_cast<double>(extent);
    if (extents.size() > static_cast<std::size_t>(Shape::max_rank) ||
        size > static_cast<double>(given - used))
      throw Refusal(ErrorCode::mismatch, "replace " + r.name + ": the shape does not fit the values given");
    for (Index extent : extents) r.shape.push_back(extent);
    r.values = request.numbers.data() + used;
    used += r.shape.size();
    check_replacement(r, point);
    out.push_back(std::move(r));
  }
  return out;
}

// BERT's token types (absent: all 0), and how many tokens of each sequence are text (the rest is padding).
void add_types(TokenBatch& batch, const Fields& fields, const ModelConfig& config) {
  if (fields.has("types")) {
    batch.types.clear();
    for (const Json& row : fields.list("types")) {
      Json wrapped = Json::object();
      wrapped.set("row", row);
      for (Index type : Fields(wrapped, "types").indices("row", 0, 2147483647))
        batch.types.push_back(static_cast<TokenId>(type));
    }
  }
  if (fields.has("lengths")) batch.lengths = fields.indices("lengths", 0, batch.length);
  take(check_tokens(config, batch));
}

Real mean(const std::vector<Real>& values) {  // of nothing: NaN
  double sum = 0;
  for (Real v : values) sum += v;
  return static_cast<Real>(sum / static_cast<double>(values.size()));
}

// The hooks of one run and what they gathered. Scopes close before the hooks they belong to.
struct Probe {
  Hooks hooks;
  AblationScopes ablated;
  std::vector<Replacement> replaced;
  std::vector<NamedTensor> captured;
  std::vector<Hooks::Scope> scopes;
};

void add_ablation(Probe& probe, const Fields& fields, const Model& model, const TokenBatch& batch) {
  if (!fields.has("ablate")) return;
  const Fields request(fields.at("ablate"), "ablate");
  request.list("heads");  // refuses when there is none
  const std::vector<HeadRef> heads = head_refs(request, "heads", model.config);
  const Ablation how = ablation(request.text("how"));
  if (how == Ablation::resample && batch.batch < 2)
    throw Refusal(ErrorCode::mismatch, "ablate resample needs at least two sequences to exchange");
  Rng rng(request.seed("seed"));
  if (!heads.empty()) ablate(probe.hooks, model, batch, heads, how, rng, probe.ablated);
}

void add_replacements(Probe& probe, const ModelConfig& config) {
  for (Replacement& r : probe.replaced) {
    Replacement* one = &r;
    probe.scopes.push_back(probe.hooks.replace(hook(r.name, config), [one](HookPoint, View value) {
      one->done = true;
      if (value.shape != one->shape) {
        one->wanted = value.shape;
        return;
      }
      std::copy(one->values, one->values + one->shape.size(), value.begin());
    }));
  }
}

// Observers come last, so that they see what the replacements left.
void add_captures(Probe& probe, const Fields& fields, const ModelConfig& config) {
  const std::vector<Json>& names = fields.list("capture");
  probe.captured.resize(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!names[i].is(Json::Type::string)) throw Refusal(ErrorCode::malformed, "capture must list names");
    NamedTensor* one = &probe.captured[i];
    one->name = names[i].string();
    probe.scopes.push_back(probe.hooks.observe(hook(one->name, config), [one](HookPoint, ConstView value) {
      one->tensor = Tensor(value.shape, std::vector<Real>(value.begin(), value.end()));
    }));
  }
}

void check_all_fired(const Probe& probe) {
  for (const Replacement& r : probe.replaced) {
    if (!r.done) throw Refusal(ErrorCode::unsupported, "this model does not compute " + r.name);
    if (r.wanted.rank())
      throw Refusal(ErrorCode::mismatch, "replace " + r.name + ": the model has " + to_string(r.wanted) +
                                             ", got " + to_string(r.shape));
  }
  for (const NamedTensor& c : probe.captured)
    if (!c.tensor.shape.rank())
      throw Refusal(ErrorCode::unsupported, "this model does not compute " + c.name);
}

}  // namespace

Json json_of(const attn::HeadScores& s) {
  Json row = Json::object();
  row.set("layer", number(s.layer));
  row.set("head", number(s.head));
  row.set("previous", json_of(s.previous));
  row.set("current", json_of(s.current));
  row.set("first", json_of(s.first));
  row.set("duplicate", json_of(s.duplicate));
  row.set("induction", json_of(s.induction));
  row.set("entropy", json_of(s.entropy));
  row.set("entropy_ratio", json_of(s.entropy_ratio));
  row.set("distance", json_of(s.distance));
  return row;
}

Json json_of(const std::vector<attn::HeadScores>& scores) {
  Json rows = Json::array();
  for (const attn::HeadScores& s : scores) rows.push(json_of(s));
  return rows;
}

Reply Session::run(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = model(fields);
  TokenBatch batch = token_batch(fields.at("tokens"), m.config);
  add_types(batch, fields, m.config);
  Probe probe;
  probe.replaced = replacements(fields, request, m.config);
  add_ablation(probe, fields, m, batch);
  add_replacements(probe, m.config);
  add_captures(probe, fields, m.config);

  Tape tape(Tape::Mode::inference);
  ForwardOptions options;
  options.hooks = &probe.hooks;
  const ConstView logits = tape.value(forward(tape, m, batch, options));
  check_all_fired(probe);

  Reply reply;
  reply.tensors = std::move(probe.captured);
  if (fields.flag_or("output", false))
    reply.tensors.push_back(
        {"output", Tensor(logits.shape, std::vector<Real>(logits.begin(), logits.end()))});
  const bool predicts = logits.shape[-1] == m.config.vocab;  // not so for an encoder without unembedding
  Tensor losses = predicts ? next_token_losses(logits, batch) : Tensor(Shape{batch.batch, 0});
  reply.value.set("loss", json_of(mean(losses.data)));
  reply.tensors.push_back({"losses", std::move(losses)});
  return reply;
}

Reply Session::head_scores(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = model(fields);
  TokenBatch batch;
  if (fields.has("tokens")) {
    batch = token_batch(fields.at("tokens"), m.config);
  } else {
    const Index half = fields.index("half", 1, m.config.context / 2), rows = fields.index("batch", 1, 4096);
    check_run_size(m.config, rows, 2 * half);
    Rng rng = stream(fields.seed("seed"), Stream::probe);
    batch = random_repeat_batch(m.config.vocab, rows, half, rng);
  }
  Reply reply;
  reply.value.set("heads", json_of(attn::head_scores(m, batch)));
  reply.value.set("baseline", json_of(uniform_baseline(batch)));
  return reply;
}

Reply Session::circuits(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = model(fields);
  const HeadRef head = head_ref(fields.at("head"), m.config, "head");
  check_circuit_size(m.config);
  const Copying copying = copying_score(m, head.layer, head.head);
  Json eigenvalues = Json::array();
  for (const std::complex<Real>& e : copying.eigenvalues) {
    Json pair = Json::object();
    pair.set("re", json_of(e.real()));
    pair.set("im", json_of(e.imag()));
    eigenvalues.push(std::move(pair));
  }
  Tensor positions = qk_positions(m, head.layer, head.head);
  if (positions.shape.rank() != 2) positions = Tensor(Shape{0, 0});
  Reply reply;
  reply.value.set("eigenvalues", std::move(eigenvalues));
  reply.value.set("copying", json_of(copying.score));
  reply.tensors.push_back({"qk", qk_circuit(m, head.layer, head.head)});
  reply.tensors.push_back({"ov", ov_circuit(m, head.layer, head.head)});
  reply.tensors.push_back({"qkPositions", std::move(positions)});
  return reply;
}

// A few milliseconds of arithmetic on little matrices: sizes that keep a call short.
Reply Session::fit_pattern(const Request& request) {
  const Fields fields(request.json, "request");
  const Index n = fields.index("size", 1, 64);
  PatternFit options;
  options.width = fields.index("width", 1, 64);
  options.steps = fields.index_or("steps", 1, 4000, options.steps);
  options.seed = fields.seed("seed");
  if (static_cast<Index>(request.numbers.size()) != n * n)
    throw Refusal(ErrorCode::mismatch, "the target has " + std::to_string(request.numbers.size()) +
                                           " weights, a pattern of " + std::to_string(n) + " tokens " +
                                           std::to_string(n * n));
  FittedPattern fit = attn::fit_pattern(ConstView(request.numbers.data(), Shape{n, n}), options);
  Reply reply;
  reply.value.set("divergence", json_of(fit.divergence));
  reply.value.set("scale", json_of(fit.scale));
  reply.tensors.push_back({"pattern", std::move(fit.pattern)});
  reply.tensors.push_back({"query", std::move(fit.query)});
  reply.tensors.push_back({"key", std::move(fit.key)});
  return reply;
}

Reply Session::k_composition(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = model(fields);
  const HeadRef from = head_ref(fields.at("from"), m.config, "from"),
                to = head_ref(fields.at("to"), m.config, "to");
  if (from.layer >= to.layer)
    throw Refusal(ErrorCode::mismatch,
                  "composition needs a head of an earlier layer into one of a later layer");
  check_circuit_size(m.config);
  Reply reply;
  reply.tensors.push_back({"composition", attn::k_composition(m, from, to)});
  return reply;
}

Reply Session::attribution(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = model(fields);
  TokenBatch batch;
  batch.tokens = token_list(fields.list("tokens"), m.config);
  batch.batch = 1;
  batch.length = static_cast<Index>(batch.tokens.size());
  check_run_size(m.config, 1, batch.length);
  const Index position = fields.index("position", 0, batch.length - 1);
  const TokenId target = static_cast<TokenId>(fields.index("target", 0, m.config.vocab - 1));
  const Attribution found = direct_logit_attribution(m, batch, 0, position, target);
  Json parts = Json::array();
  for (const Contribution& c : found.parts) {
    Json part = Json::object();
    part.set("component", Json::of(c.component));
    part.set("layer", number(c.layer));
    part.set("head", number(c.head));
    part.set("logit", json_of(c.logit));
    parts.push(std::move(part));
  }
  Reply reply;
  reply.value.set("parts", std::move(parts));
  reply.value.set("total", json_of(found.total));
  reply.value.set("logit", json_of(found.logit));
  return reply;
}

Reply Session::generate(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = model(fields);
  const std::vector<TokenId> prompt = token_list(fields.list("prompt"), m.config);
  const Index count = fields.index("count", 0, 100000);
  check_run_size(m.config, 1, std::min(m.config.context, static_cast<Index>(prompt.size()) + count));
  SamplingOptions options;
  options.temperature = fields.number_or("temperature", 1);
  options.top_k = fields.index_or("top_k", 0, m.config.vocab, 0);
  options.top_p = fields.number_or("top_p", 1);
  if (!(options.temperature >= 0 && options.temperature <= 100))
    throw Refusal(ErrorCode::out_of_range, "temperature must be in [0, 100]");
  if (!(options.top_p > 0 && options.top_p <= 1))
    throw Refusal(ErrorCode::out_of_range, "top_p must be in (0, 1]");
  Rng rng(fields.seed("seed"));
  Json tokens = Json::array();
  for (TokenId t : attn::generate(m, prompt, count, options, rng)) tokens.push(number(t));
  Reply reply;
  reply.value.set("tokens", std::move(tokens));
  return reply;
}

}  // namespace attn::wasm
