// How alike tokens and heads become: a tower of random blocks, and every pair of heads of a model.
#include <algorithm>
#include <cmath>

#include "attn/analysis/clustering.hpp"
#include "attn/analysis/collapse_tower.hpp"
#include "attn/analysis/similarity.hpp"
#include "lab.hpp"

namespace attn::wasm {

namespace {

using io::Json;

TowerNorm norm_named(const std::string& name) {
  if (name == "none") return TowerNorm::none;
  if (name == "pre") return TowerNorm::pre;
  if (name == "post") return TowerNorm::post;
  throw Refusal(ErrorCode::malformed, "norm must be none, pre or post");
}

double within(const Fields& fields, const char* key, double low, double high, double fallback) {
  const double value = static_cast<double>(fields.number_or(key, static_cast<Real>(fallback)));
  if (!(value >= low && value <= high))
    throw Refusal(ErrorCode::out_of_range, std::string(key) + " must be in [" + std::to_string(low) + ", " +
                                               std::to_string(high) + "]");
  return value;
}

// Sizes that keep one call under a tenth of a second or so.
TowerConfig tower_config(const Fields& fields) {
  TowerConfig c;
  c.tokens = fields.index_or("tokens", 2, 64, c.tokens);
  c.width = fields.index_or("width", 1, 128, c.width);
  c.heads = fields.index_or("heads", 1, c.width, c.heads);
  c.layers = fields.index_or("layers", 0, 64, c.layers);
  if (c.width % c.heads) throw Refusal(ErrorCode::mismatch, "heads must divide width");
  c.skip = within(fields, "skip", 0, 4, c.skip);
  if (fields.has("norm")) c.norm = norm_named(fields.text("norm"));
  c.mlp = fields.flag_or("mlp", c.mlp);
  c.causal = fields.flag_or("causal", c.causal);
  c.qk_scale = within(fields, "qk_scale", 0, 1000, c.qk_scale);
  c.seed = fields.seed("seed");
  return c;
}

// null where a double is not finite; not through json_of(Real), whose float ends at 1e-45.
Json number(double value) { return std::isfinite(value) ? Json::of(value) : Json(); }

}  // namespace

Reply LabSession::collapse_tower(const Request& request) {
  const TowerConfig c = tower_config(Fields(request.json, "request"));
  const std::vector<TowerFloor> floors = attn::collapse_tower(c);
  Json rows = Json::array();
  Tensor cosines(Shape{static_cast<Index>(floors.size()), c.tokens, c.tokens});
  auto to = cosines.data.begin();
  for (const TowerFloor& floor : floors) {
    Json row = Json::object();
    row.set("residual", number(floor.log10_residual));
    row.set("cosine", number(floor.mean_cosine));
    row.set("entropy", number(floor.entropy_ratio));
    row.set("score", number(floor.largest_score));
    rows.push(std::move(row));
    to = std::copy(floor.cosines.begin(), floor.cosines.end(), to);
  }
  Reply reply;
  reply.value.set("floors", std::move(rows));
  reply.tensors.push_back({"cosines", std::move(cosines)});
  return reply;
}

Reply LabSession::head_similarity(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = model(fields);
  const TokenBatch batch = token_batch(fields.at("tokens"), m.config);
  HeadSimilarity found = attn::head_similarity(m, batch);
  Json merges = Json::array();
  for (const Merge& merge : average_linkage(found.pattern_distance.view())) {
    Json row = Json::array();
    for (const double value : {static_cast<double>(merge.first), static_cast<double>(merge.second),
                               static_cast<double>(merge.distance), static_cast<double>(merge.size)})
      row.push(number(value));
    merges.push(std::move(row));
  }
  Reply reply;
  reply.value.set("merges", std::move(merges));
  reply.tensors.push_back({"distance", std::move(found.pattern_distance)});
  reply.tensors.push_back({"cka", std::move(found.output_cka)});
  return reply;
}

}  // namespace attn::wasm
