#include "attn/adapt/head_importance.hpp"

#include <algorithm>
#include <cmath>

#include "attn/analysis/gradients.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

// Σ over sequences, tokens or nothing of |…|: one head's ⟨z, dz⟩ in [B, T, H, d].
double importance(const Tensor& z, const Tensor& dz, Index h, ImportanceOf of) {
  const Index B = z.shape[0], T = z.shape[1], H = z.shape[2], width = z.shape[3];
  double total = 0, whole = 0;
  for (Index b = 0; b < B; ++b) {
    double example = 0;
    for (Index t = 0; t < T; ++t) {
      const Index at = ((b * T + t) * H + h) * width;
      const double token = static_cast<double>(vec::dot(z.data.data() + at, dz.data.data() + at, width));
      example += token;
      if (of == ImportanceOf::token) total += std::abs(token);
    }
    whole += example;
    if (of == ImportanceOf::example) total += std::abs(example);
  }
  return of == ImportanceOf::batch ? std::abs(whole) : total;
}

Outcome outcome_without(const Model& model, const TokenBatch& batch, const Metric& loss,
                        const std::vector<HeadRef>& heads, Ablation how, Rng& rng) {
  Hooks hooks;
  AblationScopes scopes;
  if (!heads.empty()) ablate(hooks, model, batch, heads, how, rng, scopes);
  const Tensor logits = record(model, batch, {}, &hooks).logits;
  return {measure(loss, logits), accuracy(loss, logits)};
}

std::vector<HeadRef> all_heads(const ModelConfig& c) {
  std::vector<HeadRef> heads;
  for (int l = 0; l < static_cast<int>(c.layers); ++l)
    for (int h = 0; h < static_cast<int>(c.heads); ++h) heads.push_back({l, h});
  return heads;
}

}  // namespace

// #region head-importance
Tensor head_importance(const Model& model, const TokenBatch& batch, const Metric& loss, ImportanceOf of,
                       bool normalised) {
  const std::vector<HookPoint> points = in_every_layer(model, Site::z);
  const ActivationGradients g = activation_gradients(model, batch, loss, points);
  const Index L = model.config.layers, H = model.config.heads;
  Tensor out(Shape{L, H});
  for (Index l = 0; l < L; ++l) {
    const HookPoint z = points[static_cast<std::size_t>(l)];
    Real* row = out.data.data() + l * H;
    for (Index h = 0; h < H; ++h)
      row[h] = static_cast<Real>(importance(g.values.at(z), g.gradients.at(z), h, of));
    const Real norm = std::sqrt(vec::sum_squares(row, H));
    if (normalised && norm > 0) vec::scale(1 / norm, row, row, H);
  }
  return out;
}
// #endregion

Tensor ablation_importance(const Model& model, const TokenBatch& batch, const Metric& loss, Ablation how,
                           Rng& rng) {
  const Real whole = outcome_without(model, batch, loss, {}, how, rng).loss;
  Tensor out(Shape{model.config.layers, model.config.heads});
  Index i = 0;
  for (HeadRef head : all_heads(model.config))
    out.view()[i++] = outcome_without(model, batch, loss, {head}, how, rng).loss - whole;
  return out;
}

std::vector<HeadRef> removal_order(const Tensor& importance) {
  const Index H = importance.shape[1];
  std::vector<Index> order;
  for (Index i = 0; i < importance.size(); ++i) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&importance](Index a, Index b) { return importance.view()[a] < importance.view()[b]; });
  std::vector<HeadRef> heads;
  for (Index i : order) heads.push_back({static_cast<int>(i / H), static_cast<int>(i % H)});
  return heads;
}

std::vector<Outcome> removal_curve(const Model& model, const TokenBatch& batch, const Metric& loss,
                                   const std::vector<HeadRef>& order, Ablation how, Rng& rng) {
  std::vector<Outcome> curve;
  std::vector<HeadRef> gone;
  curve.push_back(outcome_without(model, batch, loss, gone, how, rng));
  for (HeadRef head : order) {
    gone.push_back(head);
    curve.push_back(outcome_without(model, batch, loss, gone, how, rng));
  }
  return curve;
}

// #region greedy-order
std::vector<HeadRef> greedy_order(const Model& model, const TokenBatch& batch, const Metric& loss,
                                  Index count) {
  Rng unused(0);  // zero ablation draws nothing
  std::vector<HeadRef> gone, left = all_heads(model.config);
  for (Index n = 0; n < count && !left.empty(); ++n) {
    std::size_t best = 0;
    Real lowest = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
      std::vector<HeadRef> without = gone;
      without.push_back(left[i]);
      const Real l = outcome_without(model, batch, loss, without, Ablation::zero, unused).loss;
      if (i == 0 || l < lowest) best = i, lowest = l;
    }
    gone.push_back(left[best]);
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return gone;
}
// #endregion

}  // namespace attn
