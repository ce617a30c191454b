#include "attn/analysis/patching.hpp"

#include <limits>

namespace attn {
namespace {

double ratio(double part, double whole) {
  return whole != 0 ? part / whole : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

Real patched_metric(const Model& model, const TokenBatch& batch, const Metric& metric,
                    const Activations& source, const std::vector<Slice>& slices) {
  Hooks hooks;
  std::vector<Hooks::Scope> scopes;
  patch(hooks, source, slices, scopes);
  return measure(metric, record(model, batch, {}, &hooks).logits);
}

// #region activation-patching
PatchingResult activation_patching(const Model& model, const TokenBatch& clean, const TokenBatch& corrupted,
                                   const Metric& metric, const std::vector<std::vector<Slice>>& patches,
                                   Direction direction) {
  const bool denoise = direction == Direction::denoise;
  const std::vector<HookPoint> points = points_of(patches), none;
  const Activations clean_run = record(model, clean, denoise ? points : none);
  const Activations corrupted_run = record(model, corrupted, denoise ? none : points);

  PatchingResult out;
  out.clean = measure(metric, clean_run.logits);
  out.corrupted = measure(metric, corrupted_run.logits);
  const double m_clean = static_cast<double>(out.clean), m_corrupted = static_cast<double>(out.corrupted);
  for (const std::vector<Slice>& slices : patches) {
    const Real m = patched_metric(model, denoise ? corrupted : clean, metric,
                                  denoise ? clean_run : corrupted_run, slices);
    const double moved = denoise ? static_cast<double>(m) - m_corrupted : m_clean - static_cast<double>(m);
    out.metric.push_back(m);
    out.effect.push_back(static_cast<Real>(ratio(moved, m_clean - m_corrupted)));
  }
  return out;
}
// #endregion

std::vector<std::vector<Slice>> every_slice(const Model& model, Site site, Index length, SliceGrid grid) {
  const bool keys = site == Site::k || site == Site::v || site == Site::rot_k;
  const Index H = keys ? model.config.resolved_kv_heads() : model.config.heads;
  std::vector<std::vector<Slice>> out;
  for (HookPoint point : in_every_layer(model, site))
    for (Index h = 0; h < (grid.heads ? H : 1); ++h)
      for (Index t = 0; t < (grid.positions ? length : 1); ++t)
        out.push_back({{point, grid.heads ? static_cast<int>(h) : -1, grid.positions ? t : -1}});
  return out;
}

}  // namespace attn
