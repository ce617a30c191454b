// The workbench of the pages: something is done to sets of heads in one sequence, and every set is judged
// alike.
#include <algorithm>

#include "attn/analysis/activations.hpp"
#include "lab_asked.hpp"

namespace attn::wasm {

namespace {

using io::Json;

// Sets that one call may run: the page asks in slices and shows how far it is. Fewer where each brings a row
// of logits or a map.
constexpr std::size_t max_sets = 1024, max_drawn = 64;

Site site_named(const std::string& name) {
  constexpr std::pair<const char*, Site> sites[] = {
      {"z", Site::z}, {"q", Site::q}, {"k", Site::k}, {"v", Site::v}, {"pattern", Site::pattern}};
  for (const auto& [key, site] : sites)
    if (name == key) return site;
  throw Refusal(ErrorCode::out_of_range, "a head has no site " + Json::of(name).dump() + " to work on");
}

// Every row of a head becomes its mean over all rows of `from`: [B, T', H, d] -> [1, length, H, d].
Tensor mean_rows(const Tensor& from, Index length) {
  const Index rows = from.shape[0] * from.shape[1], width = from.shape[2] * from.shape[3];
  std::vector<double> sum(static_cast<std::size_t>(width));
  for (std::size_t i = 0; i < from.data.size(); ++i) sum[i % sum.size()] += static_cast<double>(from.data[i]);
  Tensor out(Shape{1, length, from.shape[2], from.shape[3]});
  for (std::size_t i = 0; i < out.data.size(); ++i)
    out.data[i] = static_cast<Real>(sum[i % sum.size()] / static_cast<double>(rows));
  return out;
}

// What the heads say instead, in every layer, in the shape of the run on `batch`.
Activations substitute(const Fields& fields, const Model& m, const TokenBatch& batch, Site site) {
  const std::string how = fields.text("how");
  const std::vector<HookPoint> points = in_every_layer(m, site);
  if (how == "patch") {
    const TokenBatch other = sequence(fields, "other", m.config);
    check_same_length(batch, other);
    return record(m, other, points);
  }
  if (site == Site::pattern || (how != "zero" && how != "mean"))
    throw Refusal(ErrorCode::malformed, "how must be zero, mean or patch; a map can only be patched");
  TokenBatch reference = batch;
  if (how == "mean" && fields.has("reference")) {
    reference = token_batch(fields.at("reference"), m.config);
    check_run_size(m.config, reference.batch, reference.length);
  }
  Activations source = record(m, reference, points);
  for (HookPoint point : points) {
    Tensor value = mean_rows(source.at(point), batch.length);
    if (how == "zero") std::fill(value.data.begin(), value.data.end(), Real(0));
    source.set(point, std::move(value));
  }
  return source;
}

std::vector<HeadRef> head_list(const Json& set, const ModelConfig& config) {
  if (!set.is(Json::Type::array)) throw Refusal(ErrorCode::malformed, "every set must be an array of heads");
  std::vector<HeadRef> heads;
  for (const Json& head : set.items()) heads.push_back(head_ref(head, config, "sets"));
  return heads;
}

std::vector<Slice> slices_of(const std::vector<HeadRef>& heads, Site site,
                             const std::vector<Index>& positions) {
  std::vector<Slice> slices;
  for (const HeadRef& h : heads)
    for (Index position : positions) slices.push_back({{site, h.layer}, h.head, position});
  return slices;
}

void append(std::vector<Real>& to, const Real* from, Index count) { to.insert(to.end(), from, from + count); }

}  // namespace

// An empty set is the run as it is.
// #region sets
Reply LabSession::intervene(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = dense(model(fields));
  const TokenBatch batch = sequence(fields, "tokens", m.config);
  const Index T = batch.length, V = m.config.vocab;
  const std::vector<Json>& sets = fields.list("sets");
  const Index n = static_cast<Index>(sets.size());
  const bool rows = fields.flag_or("rows", false);
  if (sets.size() > (rows || fields.has("map") ? max_drawn : max_sets))
    throw Refusal(ErrorCode::too_large, std::to_string(n) + " sets in one call");
  const Site site = site_named(fields.has("site") ? fields.text("site") : "z");
  if ((site == Site::k || site == Site::v) && m.config.kv_heads && m.config.kv_heads != m.config.heads)
    throw Refusal(ErrorCode::unsupported, "keys and values of this model are shared by several heads");
  std::vector<Index> positions{-1};
  if (fields.has("positions")) positions = fields.indices("positions", 0, T - 1);
  const Fields at(fields.at("at"), "at");
  const Index position = at.index("position", 0, T - 1), right = at.index("right", 0, V - 1),
              wrong = at.index("wrong", 0, V - 1);
  std::vector<HookPoint> kept;
  HeadRef shown;
  if (fields.has("map")) {
    shown = head_ref(fields.at("map"), m.config, "map");
    kept.push_back({Site::pattern, shown.layer});
  }

  const Activations source = substitute(fields, m, batch, site);
  Tensor losses(Shape{n, T - 1}), difference(Shape{n}), answers(Shape{rows ? n : 0, V}),
      maps(Shape{kept.empty() ? 0 : n, T, T});
  losses.data.clear(), difference.data.clear(), answers.data.clear(), maps.data.clear();
  for (const Json& set : sets) {
    Hooks hooks;
    std::vector<Hooks::Scope> scopes;
    attn::patch(hooks, source, slices_of(head_list(set, m.config), site, positions), scopes);
    const Activations run = record(m, batch, kept, &hooks);
    const Real* answer = run.logits.data.data() + position * V;
    append(losses.data, next_token_losses(run.logits, batch).data.data(), T - 1);
    difference.data.push_back(answer[right] - answer[wrong]);
    if (rows) append(answers.data, answer, V);
    if (!kept.empty()) append(maps.data, run.at(kept[0]).data.data() + shown.head * T * T, T * T);
  }
  Reply reply;
  reply.tensors.push_back({"losses", std::move(losses)});
  reply.tensors.push_back({"difference", std::move(difference)});
  if (rows) reply.tensors.push_back({"rows", std::move(answers)});
  if (!kept.empty()) reply.tensors.push_back({"maps", std::move(maps)});
  return reply;
}
// #endregion

}  // namespace attn::wasm
