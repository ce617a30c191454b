#include "attn/analysis/causal_tracing.hpp"

#include <algorithm>
#include <cmath>

#include "attn/analysis/patching.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

// One sequence, once for every draw of the noise; the metric averages over the copies.
TokenBatch copies(const std::vector<TokenId>& tokens, Index draws) {
  TokenBatch batch;
  batch.batch = draws;
  batch.length = static_cast<Index>(tokens.size());
  for (Index s = 0; s < draws; ++s) batch.tokens.insert(batch.tokens.end(), tokens.begin(), tokens.end());
  return batch;
}

Metric over_copies(const Metric& metric, Index draws) {
  Metric out;
  out.kind = metric.kind;
  for (Index s = 0; s < draws; ++s)
    for (Answer a : metric.answers) {
      a.sequence = s;
      out.answers.push_back(a);
    }
  return out;
}

std::vector<Slice> window_at(Index layer, Index position, Index layers, const TraceOptions& options) {
  std::vector<Slice> slices;
  const Index first = std::max(Index{0}, layer - options.window / 2);
  const Index end = std::min(layers, layer + (options.window + 1) / 2);
  for (Index l = first; l < end; ++l) slices.push_back({{options.site, static_cast<int>(l)}, -1, position});
  return slices;
}

}  // namespace

Real embedding_std(const Model& model, const std::vector<TokenId>& subject) {
  const ConstView table = model.parameters["embed.W_E"];  // [V, D]
  double sum = 0, squares = 0, n = 0;
  for (TokenId token : subject)
    for (Real x : table.sub(token)) {
      sum += static_cast<double>(x);
      squares += static_cast<double>(x) * static_cast<double>(x);
      ++n;
    }
  return n > 1 ? static_cast<Real>(std::sqrt(std::max(0.0, (squares - sum * sum / n) / (n - 1)))) : Real(0);
}

Tensor subject_noise(Index draws, Index length, Index width, Index first, Index count, Real std, Rng& rng) {
  Tensor noise(Shape{draws, length, width});
  for (Index s = 0; s < draws; ++s)
    for (Index i = (s * length + first) * width; i < (s * length + first + count) * width; ++i)
      noise.view()[i] = std * static_cast<Real>(rng.normal());
  return noise;
}

// #region causal-tracing
CausalTrace causal_trace(const Model& model, const std::vector<TokenId>& tokens, const Metric& metric,
                         const Tensor& noise, const TraceOptions& options) {
  const Index T = static_cast<Index>(tokens.size()), L = model.config.layers;
  const Index draws = noise.shape.rank() ? noise.shape[0] : 0;
  expect_shape("causal tracing: noise", noise.shape, Shape{draws, T, model.config.width});
  const TokenBatch batch = copies(tokens, draws);
  const Metric mean = over_copies(metric, draws);
  const Activations clean = record(model, batch, in_every_layer(model, options.site));

  Hooks hooks;
  const Hooks::Scope blur = hooks.replace({Site::embed, -1}, [&noise](HookPoint, View e) {
    vec::accumulate(noise.data.data(), e.data, e.size());
  });
  CausalTrace out;
  out.clean = measure(mean, clean.logits);
  out.corrupted = measure(mean, record(model, batch, {}, &hooks).logits);
  out.restored = Tensor(Shape{L, T});
  for (Index l = 0; l < L; ++l)
    for (Index t = 0; t < T; ++t) {
      std::vector<Hooks::Scope> restore;
      patch(hooks, clean, window_at(l, t, L, options), restore);
      out.restored.view()[l * T + t] = measure(mean, record(model, batch, {}, &hooks).logits);
    }
  return out;
}
// #endregion

}  // namespace attn
