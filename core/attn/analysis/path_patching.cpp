#include "attn/analysis/path_patching.hpp"

namespace attn {
namespace {

// Whether what `to` reads can contain what `from` writes: the edge exists.
bool reaches(HookPoint from, HookPoint to) {
  if (from.site == Site::embed) return true;
  if (to.site == Site::final_norm || to.site == Site::logits) return true;
  const bool within = to.site == Site::resid_post || to.site == Site::attn_out ||
                      (from.site == Site::z && (to.site == Site::mlp_in || to.site == Site::mlp_pre));
  return from.layer < to.layer || (from.layer == to.layer && within);
}

void check_path(const Path& path) {
  for (const Slice& s : path.senders) {
    if (s.point.site != Site::z && s.point.site != Site::mlp_out && s.point.site != Site::embed)
      throw ShapeError("path patching: a sender is z, mlp_out or embed, not " + to_string(s.point));
    for (const Slice& r : path.receivers)
      if (!reaches(s.point, r.point))
        throw ShapeError("path patching: nothing leads from " + to_string(s.point) + " to " +
                         to_string(r.point));
  }
}

}  // namespace

// #region path-patching
Activations path_inputs(const Model& model, const TokenBatch& batch, const TokenBatch& source,
                        const Path& path) {
  check_path(path);
  std::vector<HookPoint> frozen = in_every_layer(model, Site::z);
  if (model.config.has_mlp() && !path.through_mlps)
    for (HookPoint point : in_every_layer(model, Site::mlp_out)) frozen.push_back(point);
  // Runs A and B: what everything wrote on `batch`, and the senders on `source`.
  const Activations here = record(model, batch, frozen);
  const Activations there = record(model, source, points_of(path.senders));
  // Run C: all frozen as in A, then the senders as in B; the receivers' inputs follow.
  std::vector<Slice> all;
  for (HookPoint point : frozen) all.push_back({point, -1, -1});
  Hooks hooks;
  std::vector<Hooks::Scope> scopes;
  patch(hooks, here, all, scopes);
  patch(hooks, there, path.senders, scopes);
  return record(model, batch, points_of(path.receivers), &hooks);
}

Real path_patching(const Model& model, const TokenBatch& batch, const TokenBatch& source,
                   const Metric& metric, const Path& path) {
  const Activations inputs = path_inputs(model, batch, source, path);
  return patched_metric(model, batch, metric, inputs, path.receivers);  // run D
}
// #endregion

}  // namespace attn
