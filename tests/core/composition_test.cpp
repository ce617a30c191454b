#include "attn/analysis/composition.hpp"

#include <doctest.h>

#include <cmath>

#include "attn/analysis/activations.hpp"
#include "attn/analysis/circuits.hpp"
#include "attn/analysis/spectra.hpp"
#include "handmade.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {

double d(Real x) { return static_cast<double>(x); }

// ‖A B‖ / ‖A‖ ‖B‖ of whole [D, D] matrices; B transposed if asked.
double whole_score(const Tensor& a, const Tensor& b, bool transpose) {
  const Index D = a.shape[0];
  double product = 0, na = 0, nb = 0;
  for (Index i = 0; i < D; ++i)
    for (Index j = 0; j < D; ++j) {
      double sum = 0;
      for (Index k = 0; k < D; ++k)
        sum += d(a.view()[i * D + k]) * d(b.view()[transpose ? j * D + k : k * D + j]);
      product += sum * sum;
      na += std::pow(d(a.view()[i * D + j]), 2);
      nb += std::pow(d(b.view()[i * D + j]), 2);
    }
  return std::sqrt(product / na / nb);
}

}  // namespace

TEST_CASE("composition: the factored scores are those of the whole matrices") {
  ModelConfig c = small_config();
  c.norm_kind = NormKind::layer_norm;
  const Model m = random_model(c, 5);
  for (int a : {0, 1})
    for (int b : {0, 1}) {
      const Tensor ov1 = residual_ov(m, 0, a), qk2 = residual_qk(m, 1, b), ov2 = residual_ov(m, 1, b);
      const HeadRef from{0, a}, to{1, b};
      CHECK(d(composition_score(m, from, to, Composition::q)) ==
            doctest::Approx(whole_score(ov1, qk2, false)).epsilon(1e-4));
      CHECK(d(composition_score(m, from, to, Composition::k)) ==
            doctest::Approx(whole_score(ov1, qk2, true)).epsilon(1e-4));
      CHECK(d(composition_score(m, from, to, Composition::v)) ==
            doctest::Approx(whole_score(ov1, ov2, false)).epsilon(1e-4));
    }
  CHECK_THROWS_AS(composition_score(m, {1, 0}, {1, 1}, Composition::q), ShapeError);
}

TEST_CASE("composition: the induction circuit built by hand is K-composition and nothing else") {
  const Model m = handmade::induction_model();
  // W_OV¹ maps 8 tokens to 8 notes. W_QK² has 200 for each of the 8 notes and -200 for the barred position,
  // so half of its square is read: 200 √8 / (√8 · 200 √16).
  CHECK(d(composition_score(m, {0, 0}, {1, 0}, Composition::k)) == doctest::Approx(0.25));
  CHECK(composition_score(m, {0, 0}, {1, 0}, Composition::q) == 0);
  CHECK(composition_score(m, {0, 0}, {1, 0}, Composition::v) == 0);
  const std::vector<Compositions> all = compositions(m, Real(0.1));
  REQUIRE(all.size() == 1);
  CHECK(d(all[0].k) == doctest::Approx(0.15));
  CHECK(d(all[0].q) == doctest::Approx(-0.1));
}

TEST_CASE("composition: random heads score about one over the root of the width") {
  ModelConfig c = small_config();
  c.width = 64, c.heads = 4;
  Rng rng(1);
  CHECK(d(random_composition(c, 20, rng)) == doctest::Approx(1.0 / 8).epsilon(0.05));
  c.width = 144;
  CHECK(d(random_composition(c, 20, rng)) == doctest::Approx(1.0 / 12).epsilon(0.05));
}

// Elhage et al. 2021, "Path expansion of logits": with the maps as they are, a two-layer model is linear.
TEST_CASE("virtual heads: direct path, heads and virtual heads add up to the logits") {
  ModelConfig c = small_config();
  c.norm = NormPlacement::none, c.position = PositionKind::none;
  const Model m = random_model(c, 6);
  const TokenBatch batch = random_tokens(c, 1, 6);
  const Activations run = record(m, batch, in_every_layer(m, Site::pattern));
  const Index T = 6, V = 7, H = 2;
  std::vector<double> logits(static_cast<std::size_t>(T * V));
  const auto add = [&](ConstView map, ConstView table) {  // map [T, T] of a source token's row in [V, V]
    for (Index t = 0; t < T; ++t)
      for (Index s = 0; s < T; ++s)
        for (Index v = 0; v < V; ++v)
          logits[static_cast<std::size_t>(t * V + v)] +=
              d(map[t * T + s]) * d(table[batch.tokens[static_cast<std::size_t>(s)] * V + v]);
  };
  const auto map_at = [&](int l, int h) { return run.at({Site::pattern, l}).view().sub(0).sub(h); };
  Tensor identity(Shape{T, T}), direct(Shape{V, V});
  for (Index t = 0; t < T; ++t) identity.view()[t * T + t] = 1;
  matmul(as_matrix(direct.view()), as_matrix(ConstView(m.parameters["embed.W_E"])),
         as_matrix(ConstView(m.parameters["unembed.W_U"])));
  add(identity, direct);
  for (int l : {0, 1})
    for (int h = 0; h < H; ++h) add(map_at(l, h), ov_circuit(m, l, h));
  std::vector<double> without = logits;
  for (int a = 0; a < H; ++a)
    for (int b = 0; b < H; ++b)
      add(virtual_pattern(map_at(0, a), map_at(1, b)), virtual_ov(m, {0, a}, {1, b}));
  double missing = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    CHECK(d(run.logits.data[i]) == doctest::Approx(logits[i]).epsilon(1e-4));
    missing = std::max(missing, std::fabs(without[i] - logits[i]));
  }
  CHECK(missing > 0.1);  // the virtual heads had something to add
}
