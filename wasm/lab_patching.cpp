// Interventions and readings of chapter 9: one call per question a figure asks.
#include <algorithm>
#include <cmath>

#include "attn/analysis/attribution_patching.hpp"
#include "attn/analysis/causal_tracing.hpp"
#include "attn/analysis/interventions.hpp"
#include "attn/analysis/logit_lens.hpp"
#include "attn/analysis/token_importance.hpp"
#include "lab_asked.hpp"

namespace attn::wasm {

namespace {

using io::Json;

struct NamedSite {
  const char* name;
  Site site;
  bool heads;     // has an axis of heads
  bool with_mlp;  // only models with an MLP have it
};
constexpr NamedSite sites[] = {
    {"z", Site::z, true, false},
    {"q", Site::q, true, false},
    {"k", Site::k, true, false},
    {"v", Site::v, true, false},
    {"resid_pre", Site::resid_pre, false, false},
    {"resid_post", Site::resid_post, false, false},
    {"attn_out", Site::attn_out, false, false},
    {"mlp_out", Site::mlp_out, false, true},
};

const NamedSite& site_of(const Fields& fields, const ModelConfig& config) {
  const std::string name = fields.text("site");
  for (const NamedSite& site : sites) {
    if (name != site.name) continue;
    if (site.with_mlp && config.mlp == MlpKind::none)
      throw Refusal(ErrorCode::unsupported, "this model does not compute " + name);
    return site;
  }
  throw Refusal(ErrorCode::out_of_range, "there is no site named " + Json::of(name).dump() + " to patch");
}

std::vector<Real> scaled(std::vector<Real> values, double factor) {
  for (Real& v : values) v = static_cast<Real>(static_cast<double>(v) * factor);
  return values;
}

void keep_layers(std::vector<std::vector<Slice>>& patches, const std::vector<Index>& layers) {
  const auto outside = [&layers](const std::vector<Slice>& slices) {
    return std::find(layers.begin(), layers.end(), Index(slices[0].point.layer)) == layers.end();
  };
  patches.erase(std::remove_if(patches.begin(), patches.end(), outside), patches.end());
}

Json agreement(const AttributionError& error) {
  Json out = Json::object();
  out.set("pearson", json_of(error.pearson));
  out.set("spearman", json_of(error.spearman));
  out.set("slope", json_of(error.slope));
  out.set("largest", json_of(error.largest));
  return out;
}

Json json_of(const LensState& state) {
  Json row = Json::object();
  row.set("top", Json::of(static_cast<double>(state.top)));
  row.set("probability", wasm::json_of(state.probability));
  row.set("rank", Json::of(static_cast<double>(state.rank)));
  row.set("divergence", wasm::json_of(state.divergence));
  return row;
}

}  // namespace

// Every place of one site patched alone, and the same estimated from one gradient.
Reply LabSession::patch(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = dense(model(fields));
  const TokenBatch clean = sequence(fields, "clean", m.config),
                   corrupted = sequence(fields, "corrupted", m.config);
  check_same_length(clean, corrupted);
  const Metric metric = metric_of(fields.at("metric"), m.config, clean.length);
  const NamedSite& site = site_of(fields, m.config);
  const SliceGrid grid{site.heads && fields.flag_or("heads", site.heads), fields.flag_or("positions", false)};
  std::vector<std::vector<Slice>> patches = every_slice(m, site.site, clean.length, grid);
  if (fields.has("layers")) keep_layers(patches, fields.indices("layers", 0, m.config.layers - 1));
  check_runs(static_cast<double>(patches.size()));

  const bool noise = fields.flag_or("noise", false);
  const TokenBatch& host = noise ? clean : corrupted;
  const TokenBatch& source = noise ? corrupted : clean;
  const AttributionError error = attribution_error(m, host, source, metric, patches);
  const Real at_clean = attn::measure(metric, record(m, clean, {}).logits),
             at_corrupted = attn::measure(metric, record(m, corrupted, {}).logits);
  const double gap = static_cast<double>(at_clean) - static_cast<double>(at_corrupted);
  const double unit = gap != 0 ? (noise ? -1 : 1) / gap : std::nan("");
  Reply reply;
  reply.value.set("clean", wasm::json_of(at_clean));
  reply.value.set("corrupted", wasm::json_of(at_corrupted));
  reply.value.set("agreement", agreement(error));
  reply.tensors.push_back({"effect", row_of(scaled(error.exact, unit))});
  reply.tensors.push_back({"estimate", row_of(scaled(error.estimate, unit))});
  return reply;
}

// Noise on the embeddings of a subject, and each state given its clean value back.
Reply LabSession::trace(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = dense(model(fields));
  const TokenBatch batch = sequence(fields, "tokens", m.config);
  const Index from = fields.index("from", 0, batch.length - 1),
              count = fields.index("count", 1, batch.length - from),
              draws = fields.index_or("draws", 1, 64, 10);
  check_run_size(m.config, draws, batch.length);
  check_runs(static_cast<double>(m.config.layers * batch.length * draws));
  const Metric metric = metric_of(fields.at("metric"), m.config, batch.length);
  const std::vector<TokenId> subject(batch.tokens.begin() + from, batch.tokens.begin() + from + count);
  const Real std = fields.number_or("std", 3 * embedding_std(m, subject));
  if (!(std >= 0 && std <= 1000)) throw Refusal(ErrorCode::out_of_range, "std must be in [0, 1000]");
  Rng rng(fields.seed("seed"));
  const Tensor noise = subject_noise(draws, batch.length, m.config.width, from, count, std, rng);
  TraceOptions options;
  options.site = fields.has("site") ? site_of(fields, m.config).site : Site::resid_post;
  options.window = fields.index_or("window", 1, m.config.layers, 1);
  CausalTrace found = causal_trace(m, batch.tokens, metric, noise, options);
  Reply reply;
  reply.value.set("clean", wasm::json_of(found.clean));
  reply.value.set("corrupted", wasm::json_of(found.corrupted));
  reply.value.set("std", wasm::json_of(std));
  reply.tensors.push_back({"restored", std::move(found.restored)});
  return reply;
}

// The truth bench: what each method says about the tokens before an answer, and what exchanging them does.
Reply LabSession::importance(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = dense(model(fields));
  const TokenBatch batch = sequence(fields, "tokens", m.config);
  const Metric metric = metric_of(fields.at("metric"), m.config, batch.length);
  const Index draws = fields.index_or("draws", 1, 256, 8);
  check_runs(static_cast<double>((2 * draws + 1) * batch.length));
  if (m.config.vocab < 2) throw Refusal(ErrorCode::unsupported, "there is no other token to put in");
  Rng rng(fields.seed("seed"));
  const TokenImportance found = token_importance(m, batch.tokens, metric, draws, rng);
  const std::size_t n = found.truth.size();
  // The same truth from other draws: no method can agree with it better than it does with itself.
  std::vector<Real> again = token_influence(m, batch.tokens, metric, draws, rng);
  std::vector<Real> erased = token_erasure(m, batch.tokens, metric);
  again.resize(n);
  erased.resize(n);
  Reply reply;
  reply.tensors.push_back({"truth", row_of(found.truth)});
  reply.tensors.push_back({"again", row_of(again)});
  reply.tensors.push_back({"erased", row_of(erased)});
  for (const ImportanceProfile& profile : found.methods)
    reply.tensors.push_back({profile.method, row_of(profile.by_token)});
  return reply;
}

// One position read through the last norm and the unembedding at every depth.
Reply LabSession::lens(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = dense(model(fields));
  const TokenBatch batch = sequence(fields, "tokens", m.config);
  const Index position = fields.index("position", 0, batch.length - 1);
  const TokenId target = static_cast<TokenId>(fields.index("target", 0, m.config.vocab - 1));
  Json depths = Json::array();
  for (const LensState& state : lens_states(logit_lens(m, batch), 0, position, target))
    depths.push(json_of(state));
  Reply reply;
  reply.value.set("depths", std::move(depths));
  return reply;
}

}  // namespace attn::wasm
