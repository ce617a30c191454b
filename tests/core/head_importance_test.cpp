#include "attn/adapt/head_importance.hpp"

#include <algorithm>
#include <cmath>

#include "gradient_check.hpp"
#include "handmade.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {

double d(Real x) { return static_cast<double>(x); }

double loss_of(const Model& m, const TokenBatch& batch) {
  return d(measure(next_token_loss(batch), logits_of(m, batch)));
}

TokenBatch row_of(const TokenBatch& batch, Index b) {
  return {{batch.tokens.begin() + b * batch.length, batch.tokens.begin() + (b + 1) * batch.length},
          1,
          batch.length,
          {},
          {}};
}

// dL/dξ of z_h <- ξ z_h is that of scaling W_O^h.
double gate_slope(const Model& m, const TokenBatch& batch, Index layer, Index head) {
  Model scaled = m;
  const std::string name = "blocks." + std::to_string(layer) + ".attn.W_O";
  Real gate = 1;
  return four_point(
      [&] {
        const View w = scaled.parameters[name].sub(head);
        const ConstView original = m.parameters[name].sub(head);
        for (Index i = 0; i < w.size(); ++i) w[i] = gate * original[i];
        return loss_of(scaled, batch);
      },
      gate);
}

}  // namespace

TEST_CASE("head importance: the slope of a real gate, with the absolute value where each variant takes it") {
  ModelConfig c = small_config();
  c.mlp = MlpKind::gelu;
  const Model m = random_model(c, 6);
  const TokenBatch batch = random_tokens(c, 3, 7);
  const Tensor example = head_importance(m, batch, next_token_loss(batch), ImportanceOf::example);
  const Tensor whole = head_importance(m, batch, next_token_loss(batch), ImportanceOf::batch);
  const Tensor token = head_importance(m, batch, next_token_loss(batch), ImportanceOf::token);
  for (Index l = 0; l < 2; ++l)
    for (Index h = 0; h < 2; ++h) {
      const Index i = 2 * l + h;
      CHECK(d(token.view()[i]) >= d(example.view()[i]));  // the triangle inequality, twice
      CHECK(d(example.view()[i]) >= d(whole.view()[i]) - 1e-6);
      if (!kDouble) continue;
      double sum = 0;  // the loss of the batch is the mean of its rows' losses
      for (Index b = 0; b < 3; ++b) sum += std::fabs(gate_slope(m, row_of(batch, b), l, h)) / 3;
      CHECK(d(example.view()[i]) == doctest::Approx(sum).epsilon(1e-7));
      CHECK(d(whole.view()[i]) == doctest::Approx(std::fabs(gate_slope(m, batch, l, h))).epsilon(1e-7));
    }
  const Tensor normalised = head_importance(m, batch, next_token_loss(batch), ImportanceOf::example, true);
  for (Index l = 0; l < 2; ++l) {
    const Real *a = normalised.data.data() + 2 * l, *b = example.data.data() + 2 * l;
    CHECK(std::hypot(d(a[0]), d(a[1])) == doctest::Approx(1).epsilon(1e-5));
    CHECK(d(a[0]) / d(a[1]) == doctest::Approx(d(b[0]) / d(b[1])).epsilon(1e-4));
  }
}

TEST_CASE("head importance: ablation is the loss without the head; curves begin whole and end empty") {
  const Model m = random_model(small_config(), 6);
  const TokenBatch batch = random_tokens(m.config, 3, 7);
  const Metric loss = next_token_loss(batch);
  Rng rng(1);
  const Tensor truth = ablation_importance(m, batch, loss, Ablation::zero, rng);
  Model without = m;
  for (Real& w : without.parameters["blocks.0.attn.W_O"].sub(1)) w = 0;
  CHECK(d(truth.data[1]) == doctest::Approx(loss_of(without, batch) - loss_of(m, batch)).epsilon(1e-4));

  const std::vector<HeadRef> order = removal_order(truth);
  REQUIRE(order.size() == 4);
  for (std::size_t i = 1; i < 4; ++i)
    CHECK(truth.view()[order[i - 1].layer * 2 + order[i - 1].head] <=
          truth.view()[order[i].layer * 2 + order[i].head]);
  const std::vector<Outcome> curve = removal_curve(m, batch, loss, order, Ablation::zero, rng);
  REQUIRE(curve.size() == 5);
  CHECK(d(curve[0].loss) == doctest::Approx(loss_of(m, batch)));
  CHECK(d(curve[1].loss) ==
        doctest::Approx(d(curve[0].loss) + *std::min_element(truth.data.begin(), truth.data.end()))
            .epsilon(1e-5));
  Model empty = m;
  for (const char* name : {"blocks.0.attn.W_O", "blocks.1.attn.W_O"})
    for (Real& w : empty.parameters[name]) w = 0;
  CHECK(d(curve[4].loss) == doctest::Approx(loss_of(empty, batch)).epsilon(1e-5));
}

// Question 5 of chapter 10: clones are each harmless and together indispensable. A one-at-a-time table is
// blind to it, greedy removal is not.
TEST_CASE("head importance: greedy removal looks again after every head") {
  const Model m = random_model(small_config(), 12);
  const TokenBatch batch = random_tokens(m.config, 4, 8);
  const Metric loss = next_token_loss(batch);
  const std::vector<HeadRef> greedy = greedy_order(m, batch, loss, 4);
  REQUIRE(greedy.size() == 4);
  Rng rng(1);
  const std::vector<Outcome> curve = removal_curve(m, batch, loss, greedy, Ablation::zero, rng);
  // The second step is the best of the three that are left.
  for (int l = 0; l < 2; ++l)
    for (int h = 0; h < 2; ++h) {
      if (l == greedy[0].layer && h == greedy[0].head) continue;
      CHECK(d(removal_curve(m, batch, loss, {greedy[0], {l, h}}, Ablation::zero, rng)[2].loss) >=
            d(curve[2].loss) - 1e-6);
    }
  CHECK(greedy_order(m, batch, loss, 0).empty());
}
