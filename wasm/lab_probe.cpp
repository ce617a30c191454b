// Linear probes at one point of a model: what they read, what of it is their own, and whether anything in the
// model reads it too.
#include <algorithm>
#include <cmath>
#include <utility>

#include "attn/analysis/activations.hpp"
#include "attn/analysis/erasure.hpp"
#include "attn/analysis/probe.hpp"
#include "lab_asked.hpp"

namespace attn::wasm {

namespace {

using io::Json;

// Multiplications of one fit: half a second or so in a browser.
constexpr double max_work = 4e9;
constexpr Index max_classes = 4096;

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

// One number per token of the batch, row by row.
std::vector<Index> per_token(const Fields& fields, const char* key, const TokenBatch& batch, Index high) {
  std::vector<Index> out;
  const std::vector<Json>& rows = fields.list(key);
  if (static_cast<Index>(rows.size()) != batch.batch)
    throw Refusal(ErrorCode::mismatch, std::string(key) + " must have one row per sequence");
  for (const Json& row : rows) {
    Json wrapped = Json::object();
    wrapped.set("row", row);
    const std::vector<Index> one = Fields(wrapped, key).indices("row", -1, high);
    if (static_cast<Index>(one.size()) != batch.length)
      throw Refusal(ErrorCode::mismatch, std::string(key) + " must have one number per token");
    out.insert(out.end(), one.begin(), one.end());
  }
  return out;
}

HookPoint point_of(const Fields& fields, const ModelConfig& config) {
  const std::string site = fields.text("site");
  const int layer = static_cast<int>(fields.index("layer", 0, config.layers - 1));
  if (site == "z") return {Site::z, layer};
  if (site == "resid_pre") return {Site::resid_pre, layer};
  if (site == "resid_post") return {Site::resid_post, layer};
  throw Refusal(ErrorCode::malformed, "site must be z, resid_pre or resid_post");
}

// The rows of a slice, [rows, width], those with a label.
struct Part {
  Tensor x;
  std::vector<Index> labels, types;
};

class Asked {
 public:
  Asked(const Fields& fields, const Model& model)
      : batch_(token_batch(fields.at("tokens"), model.config)), model_(model) {
    slice_.point = point_of(fields, model.config);
    if (slice_.point.site == Site::z)
      slice_.head = static_cast<int>(fields.index("head", 0, model.config.heads - 1));
    classes_ = fields.index("classes", 2, max_classes);
    labels_ = per_token(fields, "labels", batch_, classes_ - 1);
    types_ = per_token(fields, "types", batch_, max_classes - 1);
    targets_ = per_token(fields, "targets", batch_, model.config.vocab - 1);
    train_ = fields.index("train", 1, batch_.batch - 1);
    options_.steps = fields.index_or("steps", 1, 2000, 120);
  }

  Index classes() const { return classes_; }
  const ProbeOptions& options() const { return options_; }

  // The labelled tokens of the training and the test sequences, as the model under `hooks` has them.
  std::pair<Part, Part> parts(Hooks* hooks = nullptr) const {
    const Activations run = record(model_, batch_, {slice_.point}, hooks);
    const Index cut = train_ * batch_.length;
    return {part(run, 0, cut), part(run, cut, batch_.batch * batch_.length)};
  }

  // Rows of the point are changed in place wherever the model runs.
  Hooks::Scope erased(Hooks& hooks, const Eraser& eraser) const {
    return hooks.replace(slice_.point, [this, &eraser](HookPoint, View value) {
      const Index D = value.shape[-1];
      for (Index offset : slice_rows_of(slice_, value.shape))
        erase(eraser, View{value.data + offset, Shape{1, D}});
    });
  }

  // Mean −log p of the targets in the test sequences.
  Real loss(Hooks* hooks) const {
    Metric metric;
    metric.kind = Metric::Kind::loss;
    for (Index i = train_ * batch_.length; i < batch_.batch * batch_.length; ++i)
      if (targets_[at(i)] >= 0)
        metric.answers.push_back(
            {i / batch_.length, i % batch_.length, static_cast<TokenId>(targets_[at(i)]), -1});
    return metric.answers.empty() ? static_cast<Real>(std::nan(""))
                                  : attn::measure(metric, record(model_, batch_, {}, hooks).logits);
  }

 private:
  // Tokens [from, to) of the batch.
  Part part(const Activations& run, Index from, Index to) const {
    const Tensor& value = run.at(slice_.point);
    const std::vector<Index> rows = slice_rows_of(slice_, value.shape);
    const Index D = value.shape[-1];
    Part out;
    std::vector<Real> flat;
    for (Index i = from; i < to; ++i) {
      if (labels_[at(i)] < 0) continue;
      const Real* row = value.data.data() + rows[at(i)];
      flat.insert(flat.end(), row, row + D);
      out.labels.push_back(labels_[at(i)]);
      out.types.push_back(std::max<Index>(0, types_[at(i)]));
    }
    if (out.labels.empty()) throw Refusal(ErrorCode::unsupported, "no token has a label there");
    if (static_cast<double>(flat.size()) * static_cast<double>(classes_ * options_.steps) > max_work)
      throw Refusal(ErrorCode::too_large, "too many examples, classes or steps for one probe");
    out.x = Tensor(Shape{static_cast<Index>(out.labels.size()), D}, std::move(flat));
    return out;
  }

  TokenBatch batch_;
  const Model& model_;
  Slice slice_;
  std::vector<Index> labels_, types_, targets_;
  Index classes_ = 0, train_ = 0;
  ProbeOptions options_;
};

// The share of test labels that are the most frequent of the training ones.
Real base_rate(const Part& train, const Part& test, Index classes) {
  std::vector<Index> count(at(classes));
  for (Index label : train.labels) ++count[at(label)];
  const Index most = std::max_element(count.begin(), count.end()) - count.begin();
  const auto hits = std::count(test.labels.begin(), test.labels.end(), most);
  return static_cast<Real>(static_cast<double>(hits) / static_cast<double>(test.labels.size()));
}

// Labels in an order of chance: what the first blocks of the code hold should be no one sequence.
Part shuffled(const Part& part, Rng& rng) {
  const Index N = part.x.shape[0], D = part.x.shape[1];
  Part out{Tensor(part.x.shape), {}, {}};
  Index to = 0;
  for (const Index n : permutation(N, rng)) {
    std::copy_n(part.x.data.begin() + n * D, D, out.x.data.begin() + to++ * D);
    out.labels.push_back(part.labels[at(n)]);
    out.types.push_back(part.types[at(n)]);
  }
  return out;
}

void put_code(Reply& reply, const Part& train, const std::vector<Index>& control, const Asked& asked,
              Rng& rng) {
  Part both = train;
  both.types = control;  // carried along by the shuffle
  const Part mixed = shuffled(both, rng);
  const OnlineCode task = online_code(mixed.x, mixed.labels, asked.classes(), asked.options());
  const OnlineCode own = online_code(mixed.x, mixed.types, asked.classes(), asked.options());
  reply.value.set("bits", json_of(task.bits));
  reply.value.set("uniformBits", json_of(task.uniform_bits));
  reply.value.set("controlBits", json_of(own.bits));
}

void put_erasure(Reply& reply, const Part& train, const Asked& asked, Rng& rng) {
  const Eraser labels = erase_labels(train.x, train.labels, asked.classes());
  const Eraser chance = erase_at_random(train.x, labels.rank, rng);
  reply.value.set("rank", Json::of(static_cast<double>(labels.rank)));
  reply.value.set("loss", json_of(asked.loss(nullptr)));
  for (const auto& [name, eraser] : {std::pair{"erasedLoss", &labels}, {"randomLoss", &chance}}) {
    Hooks hooks;
    const Hooks::Scope scope = asked.erased(hooks, *eraser);
    reply.value.set(name, json_of(asked.loss(&hooks)));
    if (eraser != &labels) continue;
    // What a new probe still finds.
    const auto [left, test] = asked.parts(&hooks);
    const Probe again = fit_probe(left.x, left.labels, asked.classes(), asked.options());
    reply.value.set("left", json_of(evaluate(again, test.x, test.labels).accuracy));
  }
}

}  // namespace

Reply LabSession::probe(const Request& request) {
  const Fields fields(request.json, "request");
  const Asked asked(fields, dense(model(fields)));
  Rng rng = stream(fields.seed("seed"), Stream::probe);
  const auto [train, test] = asked.parts();
  // One table of control labels for both parts.
  std::vector<Index> types = train.types, labels = train.labels;
  types.insert(types.end(), test.types.begin(), test.types.end());
  labels.insert(labels.end(), test.labels.begin(), test.labels.end());
  const std::vector<Index> control = control_labels(types, labels, rng);
  const auto cut = control.begin() + static_cast<std::ptrdiff_t>(train.labels.size());
  const std::vector<Index> control_train(control.begin(), cut), control_test(cut, control.end());

  const Index C = asked.classes();
  const ProbeScore task = evaluate(fit_probe(train.x, train.labels, C, asked.options()), test.x, test.labels);
  const ProbeScore own =
      evaluate(fit_probe(train.x, control_train, C, asked.options()), test.x, control_test);
  Reply reply;
  reply.value.set("accuracy", json_of(task.accuracy));
  reply.value.set("nats", json_of(task.nats));
  reply.value.set("control", json_of(own.accuracy));
  reply.value.set("base", json_of(base_rate(train, test, C)));
  reply.value.set("examples", Json::of(static_cast<double>(train.labels.size())));
  if (fields.flag_or("code", false)) put_code(reply, train, control_train, asked, rng);
  if (fields.flag_or("erase", false)) put_erasure(reply, train, asked, rng);
  return reply;
}

}  // namespace attn::wasm
