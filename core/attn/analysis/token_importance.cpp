#include "attn/analysis/token_importance.hpp"

#include <algorithm>

#include "attn/analysis/activations.hpp"
#include "attn/analysis/correlation.hpp"
#include "attn/analysis/flow.hpp"
#include "attn/analysis/relevance.hpp"
#include "attn/analysis/weighted_norms.hpp"

namespace attn {
namespace {

TokenBatch one(const std::vector<TokenId>& tokens) {
  TokenBatch batch;
  batch.tokens = tokens;
  batch.batch = 1;
  batch.length = static_cast<Index>(tokens.size());
  return batch;
}

// Another token than `not_this`, uniformly.
TokenId another(TokenId not_this, Index vocab, Rng& rng) {
  const TokenId token = static_cast<TokenId>(rng.below(vocab - 1));
  return token < not_this ? token : token + 1;
}

std::vector<Real> row(ConstView matrix, Index i, Index n) {
  const Real* first = matrix.data + i * matrix.shape[-1];
  return std::vector<Real>(first, first + n);
}

// [D]: the mean row of W_E.
Tensor mean_embedding(const Model& model) {
  const ConstView table = model.parameters["embed.W_E"];  // [V, D]
  const Index V = table.shape[0], D = table.shape[1];
  std::vector<double> sum(static_cast<std::size_t>(D));
  for (Index i = 0; i < V * D; ++i) sum[static_cast<std::size_t>(i % D)] += static_cast<double>(table[i]);
  Tensor mean(Shape{D});
  for (Index i = 0; i < D; ++i)
    mean.view()[i] = static_cast<Real>(sum[static_cast<std::size_t>(i)] / static_cast<double>(V));
  return mean;
}

// The maps of a run as rollout and flow read them, and the two readings of its last layer.
struct Maps {
  std::vector<Tensor> layers;  // ½ mean P + ½ I, [T, T] each
  Tensor last_mean;            // mean_h P of the last layer, [T, T]
  Tensor last_norms;           // ‖Σ_h P_ij v_j W_O‖ of the last layer, [T, T]
};

Maps maps_of(const Model& model, const TokenBatch& batch) {
  const int last = static_cast<int>(model.config.layers) - 1;
  std::vector<HookPoint> points = in_every_layer(model, Site::pattern);
  points.push_back({Site::v, last});
  const Activations run = record(model, batch, points);
  Maps maps;
  for (HookPoint point : in_every_layer(model, Site::pattern))
    maps.layers.push_back(residual_attention(run.at(point), 0));
  const Tensor& pattern = run.at({Site::pattern, last});
  const Index H = pattern.shape[1], T = pattern.shape[2];
  maps.last_mean = Tensor(Shape{T, T});
  for (Index i = 0; i < H * T * T; ++i)
    maps.last_mean.view()[i % (T * T)] += pattern.view()[i] / static_cast<Real>(H);
  maps.last_norms = summed_weighted_norms(
      pattern, run.at({Site::v, last}), model.parameters["blocks." + std::to_string(last) + ".attn.W_O"], 0);
  return maps;
}

}  // namespace

// #region token-influence
std::vector<Real> token_influence(const Model& model, const std::vector<TokenId>& tokens,
                                  const Metric& metric, Index draws, Rng& rng) {
  const double whole = static_cast<double>(measure(metric, record(model, one(tokens), {}).logits));
  std::vector<Real> influence;
  for (std::size_t t = 0; t < tokens.size(); ++t) {
    double sum = 0;
    for (Index n = 0; n < draws; ++n) {
      TokenBatch changed = one(tokens);
      changed.tokens[t] = another(tokens[t], model.config.vocab, rng);
      sum += static_cast<double>(measure(metric, record(model, changed, {}).logits));
    }
    influence.push_back(static_cast<Real>(whole - sum / static_cast<double>(draws)));
  }
  return influence;
}
// #endregion

std::vector<Real> token_erasure(const Model& model, const std::vector<TokenId>& tokens,
                                const Metric& metric) {
  const TokenBatch batch = one(tokens);
  const double whole = static_cast<double>(measure(metric, record(model, batch, {}).logits));
  const Tensor mean = mean_embedding(model);
  std::vector<Real> influence;
  for (Index t = 0; t < batch.length; ++t) {
    Hooks hooks;
    const Hooks::Scope erase = hooks.replace({Site::embed, -1}, [&mean, t](HookPoint, View e) {
      std::copy(mean.data.begin(), mean.data.end(), e.data + t * mean.size());
    });
    const double left = static_cast<double>(measure(metric, record(model, batch, {}, &hooks).logits));
    influence.push_back(static_cast<Real>(whole - left));
  }
  return influence;
}

TokenImportance token_importance(const Model& model, const std::vector<TokenId>& tokens, const Metric& metric,
                                 Index draws, Rng& rng) {
  if (metric.answers.size() != 1 || metric.answers[0].sequence != 0)
    throw ShapeError("token importance is about one answer to one sequence");
  const Index i = metric.answers[0].position, n = i + 1;
  const TokenBatch batch = one(tokens);
  const Maps maps = maps_of(model, batch);

  TokenImportance out;
  out.truth = token_influence(model, tokens, metric, draws, rng);
  out.truth.resize(static_cast<std::size_t>(n));
  const auto add = [&out, n](const char* method, std::vector<Real> profile) {
    profile.resize(static_cast<std::size_t>(n));
    const Real agreement = spearman(profile, out.truth);
    out.methods.push_back({method, std::move(profile), agreement});
  };
  add("attention", row(maps.last_mean, i, n));
  add("rollout", row(rollout(maps.layers).back(), i, n));
  add("flow", attention_flow(maps.layers, i));
  add("norms", row(maps.last_norms, i, n));
  add("relevance", row(relevance(gradient_times_attention(model, batch, metric), 0), i, n));
  add("gradient_input", gradient_times_input(model, batch, metric).data);
  return out;
}

}  // namespace attn
