#include "attn/analysis/interventions.hpp"

#include <doctest.h>

#include <cmath>

#include "attn/analysis/head_scores.hpp"
#include "handmade.hpp"

using namespace attn;

namespace {

double d(Real x) { return static_cast<double>(x); }

std::vector<Real> logits_of(const Model& m, const TokenBatch& batch, const Hooks* hooks = nullptr) {
  Tape tape(Tape::Mode::inference);
  const ConstView v = tape.value(forward(tape, m, batch, ForwardOptions{hooks, nullptr, nullptr}));
  return std::vector<Real>(v.begin(), v.end());
}

// Share of the second half's tokens (but the last) that the model predicts.
double accuracy(const Model& m, const TokenBatch& batch, const Hooks* hooks = nullptr) {
  const std::vector<Real> x = logits_of(m, batch, hooks);
  const Index V = m.config.vocab, T = batch.length;
  double right = 0, count = 0;
  for (Index b = 0; b < batch.batch; ++b)
    for (Index t = T / 2; t + 1 < T; ++t) {
      const Real* row = x.data() + (b * T + t) * V;
      Index best = 0;
      for (Index v = 1; v < V; ++v)
        if (row[v] > row[best]) best = v;
      right += best == batch.tokens[static_cast<std::size_t>(b * T + t + 1)];
      ++count;
    }
  return right / count;
}

Model random_model(ModelConfig c, std::uint64_t seed) {
  Model m{c, Parameters(c)};
  Rng rng(seed);
  initialise(m.parameters, c, rng);
  // Gains and biases too: an initial 1 or 0 would hide a missing factor.
  for (const ParameterInfo& info : m.parameters.table())
    if (!info.decay)
      for (Real& w : m.parameters[info.name]) w += static_cast<Real>(0.3 * rng.normal());
  return m;
}

ModelConfig two_layers() {
  ModelConfig c;
  c.vocab = 11;
  c.context = 10;
  c.layers = 2;
  c.width = 12;
  c.heads = 3;
  return c;
}

TokenBatch random_tokens(const ModelConfig& c, Index batch, Index length) {
  TokenBatch b;
  b.batch = batch;
  b.length = length;
  Rng rng(77);
  for (Index i = 0; i < batch * length; ++i) b.tokens.push_back(static_cast<TokenId>(rng.below(c.vocab)));
  return b;
}

}  // namespace

TEST_CASE("the induction model built by hand predicts every repeat, and nothing without either head") {
  const Model m = handmade::induction_model();
  const TokenBatch batch = handmade::distinct_repeat(4);
  CHECK(accuracy(m, batch) == 1);
  for (const Ablation how : {Ablation::zero, Ablation::mean})
    for (const int layer : {0, 1}) {
      Hooks hooks;
      Rng rng(1);
      AblationScopes scopes;
      ablate(hooks, m, batch, {{layer, 0}}, how, rng, scopes);
      CHECK(accuracy(m, batch, &hooks) < 0.4);  // chance is 1/8
    }
  CHECK(accuracy(m, batch) == 1);
}

TEST_CASE("ablation ends with its scopes and leaves other heads alone") {
  const Model m = random_model(two_layers(), 3);
  const TokenBatch batch = random_tokens(m.config, 4, 9);
  const std::vector<Real> before = logits_of(m, batch);
  Hooks hooks;
  {
    Rng rng(1);
    AblationScopes scopes;
    ablate(hooks, m, batch, {{0, 1}, {1, 2}}, Ablation::zero, rng, scopes);
    const AblationScopes moved = std::move(scopes);
    CHECK(logits_of(m, batch, &hooks) != before);
    Tensor z;
    const auto watch = hooks.observe({Site::z, 0}, [&z](HookPoint, ConstView v) {
      z = Tensor(v.shape, std::vector<Real>(v.begin(), v.end()));
    });
    logits_of(m, batch, &hooks);
    for (Index r = 0; r < 36; ++r)
      for (Index h = 0; h < 3; ++h)
        for (Index i = 0; i < 4; ++i)
          CHECK((z.data[static_cast<std::size_t>((r * 3 + h) * 4 + i)] == 0) == (h == 1));
  }
  CHECK(hooks.empty());
  CHECK(logits_of(m, batch, &hooks) == before);
}

TEST_CASE("zero ablation of a head equals zeroing its W_O; of all heads, the direct path") {
  const Model m = random_model(two_layers(), 4);
  const TokenBatch batch = random_tokens(m.config, 3, 8);
  Model without = m;
  const View w_o = without.parameters["blocks.1.attn.W_O"];  // [H, d, D]
  for (Real& w : w_o.sub(2)) w = 0;
  Hooks hooks;
  Rng rng(1);
  AblationScopes scopes;
  ablate(hooks, m, batch, {{1, 2}}, Ablation::zero, rng, scopes);
  const std::vector<Real> a = logits_of(m, batch, &hooks), b = logits_of(without, batch);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(d(a[i]) == doctest::Approx(d(b[i])).epsilon(1e-5));
}

TEST_CASE("mean ablation writes the head's mean; resample writes another sequence's own values") {
  const Model m = random_model(two_layers(), 5);
  const TokenBatch batch = random_tokens(m.config, 5, 7);
  const auto z_of = [&](Hooks& hooks) {
    Tensor z;
    const auto watch = hooks.observe({Site::z, 0}, [&z](HookPoint, ConstView v) {
      z = Tensor(v.shape, std::vector<Real>(v.begin(), v.end()));
    });
    logits_of(m, batch, &hooks);
    return z;
  };
  Hooks none, mean_hooks, resample_hooks;
  const Tensor clean = z_of(none);
  Rng rng(9);
  AblationScopes mean_scopes, resample_scopes;
  ablate(mean_hooks, m, batch, {{0, 0}}, Ablation::mean, rng, mean_scopes);
  ablate(resample_hooks, m, batch, {{0, 0}}, Ablation::resample, rng, resample_scopes);
  const Tensor mean = z_of(mean_hooks), resample = z_of(resample_hooks);
  const Index H = 3, width = 4, T = 7;
  const auto at = [&](const Tensor& z, Index b, Index t, Index i) {
    return d(z.data[static_cast<std::size_t>(((b * T + t) * H) * width + i)]);
  };
  for (Index i = 0; i < width; ++i) {
    double sum = 0;
    for (Index b = 0; b < 5; ++b)
      for (Index t = 0; t < T; ++t) sum += at(clean, b, t, i);
    for (Index t = 0; t < T; ++t) CHECK(at(mean, 2, t, i) == doctest::Approx(sum / 35));
  }
  for (Index b = 0; b < 5; ++b) {
    int sources = 0;
    for (Index from = 0; from < 5; ++from) {
      bool same = true;
      for (Index t = 0; t < T; ++t)
        for (Index i = 0; i < width; ++i) same = same && at(resample, b, t, i) == at(clean, from, t, i);
      if (same) {
        ++sources;
        CHECK(from != b);
      }
    }
    CHECK(sources == 1);
  }
}

TEST_CASE("impossible requests are refused in words") {
  const Model m = random_model(two_layers(), 6);
  const TokenBatch batch = random_tokens(m.config, 1, 4);
  Hooks hooks;
  Rng rng(1);
  AblationScopes scopes;
  CHECK_THROWS_WITH_AS(ablate(hooks, m, batch, {{2, 0}}, Ablation::zero, rng, scopes),
                       "there is no head L2H0 in a model of 2 layers with 3 heads", ShapeError);
  CHECK_THROWS_AS(ablate(hooks, m, batch, {{0, 0}}, Ablation::resample, rng, scopes), ShapeError);
  CHECK_THROWS_AS(direct_logit_attribution(m, batch, 0, 4, 0), ShapeError);
}

TEST_CASE("the parts sum to the logit in every kind of model whose stream is a sum") {
  for (int variant = 0; variant < 6; ++variant) {
    ModelConfig c = two_layers();
    if (variant >= 1) c.norm_kind = NormKind::layer_norm;
    if (variant >= 2) c.mlp = MlpKind::gelu;
    if (variant >= 3) c.qkv_bias = c.out_bias = c.mlp_bias = c.unembed_bias = true;
    if (variant >= 4) c.tied = true;
    if (variant == 4) c.position = PositionKind::rope;
    if (variant == 5) c.norm = NormPlacement::none;
    const Model m = random_model(c, 20 + static_cast<std::uint64_t>(variant));
    const TokenBatch batch = random_tokens(c, 2, 6);
    const std::vector<Real> logits = logits_of(m, batch);
    const Attribution a = direct_logit_attribution(m, batch, 1, 4, 7);
    INFO("variant " << variant);
    CHECK(a.logit == logits[static_cast<std::size_t>((6 + 4) * 11 + 7)]);
    double sum = 0, size = 0;
    for (const Contribution& part : a.parts) {
      sum += d(part.logit);
      size += std::abs(d(part.logit));
    }
    const double tolerance = size * (sizeof(Real) == 8 ? 1e-12 : 1e-5);
    CHECK(std::abs(d(a.total) - d(a.logit)) <= tolerance);
    CHECK(std::abs(sum - d(a.logit)) <= tolerance);
    // embed (pos_embed) and 6 heads, 2 MLPs if any, biases if any
    std::size_t expected = 1 + (c.position == PositionKind::learned) + 6 + (c.mlp == MlpKind::none ? 0 : 2);
    expected += variant >= 1 ? 1 : 0;  // LayerNorm's own bias counts among the biases
    CHECK(a.parts.size() == expected);
  }
}

TEST_CASE("without norms a last-layer head's contribution is exactly what zeroing it takes away") {
  ModelConfig c = two_layers();
  c.norm = NormPlacement::none;
  const Model m = random_model(c, 8);
  const TokenBatch batch = random_tokens(c, 2, 6);
  const Attribution a = direct_logit_attribution(m, batch, 0, 5, 3);
  for (int head = 0; head < 3; ++head) {
    Hooks hooks;
    Rng rng(1);
    AblationScopes scopes;
    ablate(hooks, m, batch, {{1, head}}, Ablation::zero, rng, scopes);
    const double without = d(logits_of(m, batch, &hooks)[5 * 11 + 3]);
    for (const Contribution& part : a.parts)
      if (part.layer == 1 && part.head == head) {
        CHECK(part.component == "L1H" + std::to_string(head));
        CHECK(d(part.logit) == doctest::Approx(d(a.logit) - without).epsilon(1e-3));
      }
  }
}
