#include "attn/analysis/rank_collapse.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "attn/analysis/activations.hpp"
#include "attn/analysis/spectra.hpp"
#include "attn/math/linalg.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

double d(Real x) { return static_cast<double>(x); }

// Row sums of entropy over its largest possible value, and the largest visible |score|.
void read_scores(const Tensor& scores, const Tensor& pattern, DepthState& state) {
  const Index T = pattern.shape[-1], rows = pattern.size() / T;
  double ratios = 0, largest = 0;
  Index counted = 0;
  for (Index r = 0; r < rows; ++r) {
    double entropy = 0;
    Index visible = 0;
    for (Index j = 0; j < T; ++j) {
      const double score = d(scores.view()[r * T + j]), p = d(pattern.view()[r * T + j]);
      if (!std::isfinite(score)) continue;  // masked
      ++visible;
      largest = std::max(largest, std::abs(score));
      if (p > 0) entropy -= p * std::log(p);
    }
    if (visible < 2) continue;
    ratios += entropy / std::log(static_cast<double>(visible));
    ++counted;
  }
  state.entropy_ratio = counted ? static_cast<Real>(ratios / static_cast<double>(counted)) : Real(0);
  state.largest_score = static_cast<Real>(largest);
}

// The stream at `to` becomes skip · (the stream at `from`) + (what was written at `update`).
void reconnect(Hooks& hooks, HookPoint from, HookPoint update, HookPoint to, Real skip,
               std::vector<Hooks::Scope>& scopes) {
  const auto stream = std::make_shared<std::vector<Real>>(), written = std::make_shared<std::vector<Real>>();
  scopes.push_back(
      hooks.observe(from, [stream](HookPoint, ConstView x) { stream->assign(x.begin(), x.end()); }));
  scopes.push_back(
      hooks.observe(update, [written](HookPoint, ConstView x) { written->assign(x.begin(), x.end()); }));
  scopes.push_back(hooks.replace(to, [stream, written, skip](HookPoint, View x) {
    std::copy(written->begin(), written->end(), x.begin());
    if (skip != 0) vec::axpy(skip, stream->data(), x.data, x.size());
  }));
}

}  // namespace

Tensor token_residual(ConstView x) {
  const Index T = x.shape[0], D = x.shape[1];
  Tensor out(x.shape, std::vector<Real>(x.begin(), x.end()));
  for (Index i = 0; i < D; ++i) {
    double sum = 0;
    for (Index t = 0; t < T; ++t) sum += d(x[t * D + i]);
    const double mean = sum / static_cast<double>(T);
    for (Index t = 0; t < T; ++t) out.view()[t * D + i] = static_cast<Real>(d(x[t * D + i]) - mean);
  }
  return out;
}

Real composite_norm(ConstView x) {
  const Index T = x.shape[0], D = x.shape[1];
  double rows = 0, columns = 0;
  for (Index t = 0; t < T; ++t) {
    double sum = 0;
    for (Index i = 0; i < D; ++i) sum += std::abs(d(x[t * D + i]));
    rows = std::max(rows, sum);
  }
  for (Index i = 0; i < D; ++i) {
    double sum = 0;
    for (Index t = 0; t < T; ++t) sum += std::abs(d(x[t * D + i]));
    columns = std::max(columns, sum);
  }
  return static_cast<Real>(std::sqrt(rows * columns));
}

// #region relative-residual
Real relative_residual(ConstView x) {
  const Real whole = composite_norm(x);
  return whole > 0 ? composite_norm(token_residual(x)) / whole : Real(0);
}
// #endregion

Real mean_cosine(ConstView x) {
  const Index T = x.shape[0], D = x.shape[1];
  double sum = 0;
  Index pairs = 0;
  for (Index a = 0; a < T; ++a)
    for (Index b = a + 1; b < T; ++b) {
      const Real *u = x.data + a * D, *v = x.data + b * D;
      const double norms = std::sqrt(d(vec::sum_squares(u, D))) * std::sqrt(d(vec::sum_squares(v, D)));
      if (norms > 0) sum += d(vec::dot(u, v, D)) / norms;
      ++pairs;
    }
  return pairs ? static_cast<Real>(sum / static_cast<double>(pairs)) : Real(0);
}

Real token_rank(ConstView x) { return effective_rank(svd(token_residual(x)).sigma); }

void rewire(Hooks& hooks, const Model& model, const Rewiring& rewiring, std::vector<Hooks::Scope>& scopes) {
  const ModelConfig& c = model.config;
  if (c.norm == NormPlacement::post)
    throw ShapeError("rewiring needs a stream that is a sum: not a post-norm model");
  for (int l = 0; l < static_cast<int>(c.layers); ++l) {
    const HookPoint in{Site::resid_pre, l}, mid{Site::resid_mid, l}, out{Site::resid_post, l};
    reconnect(hooks, in, {Site::attn_out, l}, c.has_mlp() ? mid : out, rewiring.attention_skip, scopes);
    if (!c.has_mlp()) continue;
    if (rewiring.mlp)
      reconnect(hooks, mid, {Site::mlp_out, l}, out, rewiring.mlp_skip, scopes);
    else
      reconnect(hooks, mid, mid, out, 0, scopes);
  }
}

std::vector<DepthState> collapse_by_depth(const Model& model, const std::vector<TokenId>& tokens,
                                          const Rewiring& rewiring) {
  std::vector<HookPoint> points;
  for (Site site : {Site::attn_scores, Site::pattern, Site::resid_post})
    for (HookPoint point : in_every_layer(model, site)) points.push_back(point);
  Hooks hooks;
  std::vector<Hooks::Scope> scopes;
  rewire(hooks, model, rewiring, scopes);
  const TokenBatch batch{tokens, 1, static_cast<Index>(tokens.size()), {}, {}};
  const Activations run = record(model, batch, points, &hooks);
  std::vector<DepthState> out;
  for (int l = 0; l < static_cast<int>(model.config.layers); ++l) {
    const ConstView x = run.at({Site::resid_post, l}).view().sub(0);  // [T, D]
    DepthState state{relative_residual(x), mean_cosine(x), token_rank(x), 0, 0};
    read_scores(run.at({Site::attn_scores, l}), run.at({Site::pattern, l}), state);
    out.push_back(state);
  }
  return out;
}

}  // namespace attn
