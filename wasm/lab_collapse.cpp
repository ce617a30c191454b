// How alike tokens and heads become: a tower of random blocks, and every pair of heads of a model.
#include <algorithm>

#include "attn/analysis/clustering.hpp"
#include "attn/analysis/collapse_tower.hpp"
#include "attn/analysis/similarity.hpp"
#include "lab.hpp"

namespace attn::wasm {

namespace {

using io::Json;

// Sizes that keep one call under a tenth of a second or so.
TowerConfig tower_config(const Fields& fields) {
  TowerConfig c;
  c.tokens = fields.index_or("tokens", 2, 64, c.tokens);
  c.width = fields.index_or("width", 1, 128, c.width);
  c.heads = fields.index_or("heads", 1, c.width, c.heads);
  c.layers = fields.index_or("layers", 0, 64, c.layers);
  if (c.width % c.heads) throw Refusal(ErrorCode::mismatch, "heads must divide width");
  c.skip = fields.number_in("skip", 0, 4, c.skip);
  if (fields.has("norm")) c.norm = static_cast<TowerNorm>(fields.choice("norm", {"none", "pre", "post"}));
  c.mlp = fields.flag_or("mlp", c.mlp);
  c.causal = fields.flag_or("causal", c.causal);
  c.qk_scale = fields.number_in("qk_scale", 0, 1000, c.qk_scale);
  c.seed = fields.seed("seed");
  return c;
}

}  // namespace

Reply LabSession::collapse_tower(const Request& request) {
  const TowerConfig c = tower_config(Fields(request.json, "request"));
  const std::vector<TowerFloor> floors = attn::collapse_tower(c);
  Json rows = Json::array();
  Tensor cosines(Shape{static_cast<Index>(floors.size()), c.tokens, c.tokens});
  auto to = cosines.data.begin();
  for (const TowerFloor& floor : floors) {
    Json row = Json::object();
    row.set("residual", json_of_double(floor.log10_residual));
    row.set("cosine", json_of_double(floor.mean_cosine));
    row.set("entropy", json_of_double(floor.entropy_ratio));
    row.set("score", json_of_double(floor.largest_score));
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
      row.push(json_of_double(value));
    merges.push(std::move(row));
  }
  Reply reply;
  reply.value.set("merges", std::move(merges));
  reply.tensors.push_back({"distance", std::move(found.pattern_distance)});
  reply.tensors.push_back({"cka", std::move(found.output_cka)});
  return reply;
}

}  // namespace attn::wasm
