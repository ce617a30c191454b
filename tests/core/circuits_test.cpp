#include "attn/analysis/circuits.hpp"

#include <doctest.h>

#include <cmath>

#include "handmade.hpp"

using namespace attn;

namespace {

double d(Real x) { return static_cast<double>(x); }

Model random_model(const ModelConfig& c, std::uint64_t seed) {
  Model m{c, Parameters(c)};
  Rng rng(seed);
  initialise(m.parameters, c, rng);
  // Gains differ from 1; LayerNorm's biases stay 0, for they are no part of a circuit.
  for (const ParameterInfo& info : m.parameters.table())
    if (!info.decay && info.name.substr(info.name.size() - 2) == ".w")
      for (Real& w : m.parameters[info.name]) w += static_cast<Real>(0.3 * rng.normal());
  return m;
}

ModelConfig small(NormPlacement norm, NormKind kind) {
  ModelConfig c;
  c.vocab = 7;
  c.context = 9;
  c.layers = 1;
  c.width = 8;
  c.heads = 4;
  c.kv_heads = 2;
  c.norm = norm;
  c.norm_kind = kind;
  c.position = PositionKind::none;
  return c;
}

TokenBatch sequence(std::vector<TokenId> tokens) {
  TokenBatch b;
  b.batch = 1;
  b.length = static_cast<Index>(tokens.size());
  b.tokens = std::move(tokens);
  return b;
}

Tensor capture(const Model& m, const TokenBatch& batch, HookPoint point) {
  Tensor out;
  Hooks hooks;
  const auto scope = hooks.observe(point, [&out](HookPoint, ConstView v) {
    out = Tensor(v.shape, std::vector<Real>(v.begin(), v.end()));
  });
  Tape tape(Tape::Mode::inference);
  forward(tape, m, batch, ForwardOptions{&hooks, nullptr, nullptr});
  return out;
}

// 1/σ of a token's embedding under the pre-norm; 1 without.
double inverse_sigma(const Model& m, TokenId token) {
  if (m.config.norm == NormPlacement::none) return 1;
  const ConstView e = m.parameters["embed.W_E"].sub(token);
  double mean = 0, squares = 0;
  if (m.config.norm_kind == NormKind::layer_norm)
    for (Real x : e) mean += d(x) / static_cast<double>(e.size());
  for (Real x : e) squares += (d(x) - mean) * (d(x) - mean) / static_cast<double>(e.size());
  return 1 / std::sqrt(squares + d(m.config.norm_epsilon));
}

}  // namespace

TEST_CASE("the QK circuit predicts the scores of the running model, norms and grouped heads included") {
  const std::vector<TokenId> x{3, 0, 6, 6, 2, 1};
  for (const NormPlacement norm : {NormPlacement::none, NormPlacement::pre})
    for (const NormKind kind : {NormKind::rms_norm, NormKind::layer_norm}) {
      const Model m = random_model(small(norm, kind), 5);
      const Tensor scores = capture(m, sequence(x), {Site::attn_scores, 0});  // [1, H, T, T]
      for (int h = 0; h < 4; ++h) {
        const Tensor qk = qk_circuit(m, 0, h);
        for (std::size_t t = 0; t < 6; ++t)
          for (std::size_t s = 0; s <= t; ++s) {
            const double score = d(scores.data[(static_cast<std::size_t>(h) * 6 + t) * 6 + s]);
            const double table = d(qk.data[static_cast<std::size_t>(x[t] * 7 + x[s])]);
            CHECK(score ==
                  doctest::Approx(table * inverse_sigma(m, x[t]) * inverse_sigma(m, x[s])).epsilon(1e-4));
          }
      }
    }
}

TEST_CASE("logits = direct path + pattern times OV circuits, exactly, in a one-layer model without norms") {
  const std::vector<TokenId> x{3, 0, 6, 6, 2, 1};
  const Model m = random_model(small(NormPlacement::none, NormKind::rms_norm), 6);
  const TokenBatch batch = sequence(x);
  const Tensor pattern = capture(m, batch, {Site::pattern, 0});
  const Tensor logits = capture(m, batch, {Site::logits, -1});
  const ConstView e = m.parameters["embed.W_E"], u = m.parameters["unembed.W_U"];
  std::vector<Tensor> ov;
  for (int h = 0; h < 4; ++h) ov.push_back(ov_circuit(m, 0, h));
  for (std::size_t t = 0; t < 6; ++t)
    for (Index v = 0; v < 7; ++v) {
      double sum = 0;
      for (Index i = 0; i < 8; ++i) sum += d(e[x[t] * 8 + i]) * d(u[i * 7 + v]);
      for (std::size_t h = 0; h < 4; ++h)
        for (std::size_t s = 0; s <= t; ++s)
          sum += d(pattern.data[(h * 6 + t) * 6 + s]) * d(ov[h].data[static_cast<std::size_t>(x[s] * 7 + v)]);
      CHECK(d(logits.data[t * 7 + static_cast<std::size_t>(v)]) == doctest::Approx(sum).epsilon(1e-4));
    }
}

TEST_CASE("the OV circuit folds the final norm: it predicts a head's attributed logit") {
  for (const NormKind kind : {NormKind::rms_norm, NormKind::layer_norm}) {
    const Model m = random_model(small(NormPlacement::pre, kind), 7);
    // One token: the pattern is 1, the head writes N(e) W_V W_O.
    const Attribution a = direct_logit_attribution(m, sequence({4}), 0, 0, 2);
    const Tensor stream = capture(m, sequence({4}), {Site::resid_post, 0});
    double mean = 0, squares = 0;
    if (kind == NormKind::layer_norm)
      for (Real r : stream.data) mean += d(r) / 8;
    for (Real r : stream.data) squares += (d(r) - mean) * (d(r) - mean) / 8;
    const double final_scale = 1 / std::sqrt(squares + d(m.config.norm_epsilon));
    for (const Contribution& part : a.parts)
      if (part.head >= 0)
        CHECK(d(part.logit) == doctest::Approx(d(ov_circuit(m, 0, part.head).data[4 * 7 + 2]) *
                                               inverse_sigma(m, 4) * final_scale)
                                   .epsilon(1e-4));
  }
}

TEST_CASE("circuits of the heads built by hand are the ones written in") {
  const Model m = handmade::induction_model(200);
  const Index V = handmade::V, T = handmade::T;
  const Tensor positions = qk_positions(m, 0, 0);
  for (Index t = 0; t < T; ++t)
    for (Index s = 0; s < T; ++s)
      CHECK(positions.data[static_cast<std::size_t>(t * T + s)] == (s + 1 == t ? 200 : 0));
  const Tensor composed = k_composition(m, {0, 0}, {1, 0});
  const Tensor direct = qk_circuit(m, 1, 0);
  const Tensor ov = ov_circuit(m, 1, 0);
  for (Index a = 0; a < V; ++a)
    for (Index b = 0; b < V; ++b) {
      const std::size_t i = static_cast<std::size_t>(a * V + b);
      CHECK(composed.data[i] == (a == b ? 200 : 0));  // the key that carries a matches the query a
      CHECK(direct.data[i] == 0);                     // without layer 0 it compares nothing
      CHECK(ov.data[i] == (a == b ? 10 : 0));
    }
  CHECK(d(copying_score(m, 1, 0).score) == doctest::Approx(1));
  CHECK(d(copying_score(m, 0, 0).score) == 0);  // writes where nobody unembeds
  CHECK_THROWS_AS(k_composition(m, {1, 0}, {0, 0}), ShapeError);
}

TEST_CASE(
    "copying: eigenvalues have the trace and the squared trace of the full matrix; -1 for anti-copying") {
  ModelConfig c = small(NormPlacement::pre, NormKind::layer_norm);
  const Model m = random_model(c, 9);
  for (int h = 0; h < 4; ++h) {
    const Copying copying = copying_score(m, 0, h);
    const Tensor ov = ov_circuit(m, 0, h);
    double trace = 0, trace2 = 0;
    for (std::size_t i = 0; i < 7; ++i) {
      trace += d(ov.data[i * 7 + i]);
      for (std::size_t j = 0; j < 7; ++j) trace2 += d(ov.data[i * 7 + j]) * d(ov.data[j * 7 + i]);
    }
    std::complex<double> sum = 0, squares = 0;
    for (const std::complex<Real>& v : copying.eigenvalues) {
      const std::complex<double> x(d(v.real()), d(v.imag()));
      sum += x;
      squares += x * x;
    }
    CHECK(copying.eigenvalues.size() == 2);  // rank d = 2, not V = 7
    CHECK(sum.real() == doctest::Approx(trace).epsilon(1e-4));
    CHECK(std::abs(sum.imag()) < 1e-5);
    CHECK(squares.real() == doctest::Approx(trace2).epsilon(1e-3));
    CHECK(std::abs(d(copying.score)) <= 1.00001);
  }
  Model anti = handmade::induction_model();
  for (Real& w : anti.parameters["unembed.W_U"]) w = -w;
  CHECK(d(copying_score(anti, 1, 0).score) == doctest::Approx(-1));
}

TEST_CASE("models without learned positions have no positional table") {
  const Model m = random_model(small(NormPlacement::pre, NormKind::rms_norm), 1);
  CHECK(qk_positions(m, 0, 0).size() == 0);
}
