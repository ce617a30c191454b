#include "attn/analysis/flow.hpp"

#include "attn/analysis/activations.hpp"
#include "golden_interventions.hpp"

using namespace attn;
using namespace attn::test;

namespace {
double d(Real x) { return static_cast<double>(x); }
}  // namespace

// Dossier of chapter 9, question 1: (W + I) by its row sums is ½W + ½I exactly because rows of W sum to 1.
TEST_CASE("rollout: dividing W + I by its row sums is half of each") {
  const Tensor a = residual_attention(Tensor(Shape{2, 2}, {1, 0, Real(0.25), Real(0.75)}));
  CHECK(a.data == std::vector<Real>{1, 0, Real(0.125), Real(0.875)});
}

// Dossier of chapter 9, question 2: two paths of (0.9, 0.1) and (0.3, 0.3). Rollout multiplies along a path,
// flow takes the narrowest place.
TEST_CASE("rollout and flow: two paths worked by hand") {
  const Real a = Real(0.9), b = Real(0.1), c = Real(0.3);
  // From position 2 of the top: to 0 by 0.9, to 1 by 0.3; below, 0 and 1 reach token 0 by 0.1 and 0.3.
  const std::vector<Tensor> layers{Tensor(Shape{3, 3}, {b, 0, 0, c, 0, 0, 0, 0, 0}),
                                   Tensor(Shape{3, 3}, {0, 0, 0, 0, 0, 0, a, c, 0})};
  CHECK(d(rollout(layers).back().data[6]) == doctest::Approx(0.18));
  const std::vector<Real> flow = attention_flow(layers, 2);
  CHECK(d(flow[0]) == doctest::Approx(0.4));
  CHECK((flow[1] == 0 && flow[2] == 0));
}

TEST_CASE("rollout and flow: the golden models") {
  for (const char* name : {"gpt2", "llama"}) {
    const Golden golden(std::string("flow-") + name + ".safetensors");
    const Model m = golden_model(name);
    const TokenBatch batch{golden.tokens("tokens"), 1, 9, {}, {}};
    const std::vector<HookPoint> points = in_every_layer(m, Site::pattern);
    const Activations run = record(m, batch, points);
    std::vector<Tensor> layers;
    for (HookPoint p : points) layers.push_back(residual_attention(run.at(p), 0));
    const std::vector<Tensor> products = rollout(layers);
    for (std::size_t l = 0; l < 2; ++l) {
      check_close(name, products[l], golden.tensor("rollout/" + std::to_string(l)), 64);
      for (Index i = 0; i < 9; ++i) {  // stochastic, and causal
        double sum = 0;
        for (Index j = 0; j < 9; ++j) {
          sum += d(products[l].view()[i * 9 + j]);
          if (j > i) CHECK(products[l].view()[i * 9 + j] == 0);
        }
        CHECK(sum == doctest::Approx(1).epsilon(1e-5));
      }
    }
    for (Index position : {8, 5}) {
      const std::vector<Real> flow = attention_flow(layers, position);
      check_close(name, as_view(flow), golden.tensor("flow/" + std::to_string(position)), 64);
    }
  }
}

TEST_CASE("flow: one layer is its row, and a deep flow passes through no less than rollout says") {
  const Tensor a(Shape{2, 2}, {1, 0, Real(0.25), Real(0.75)});
  CHECK(attention_flow({a}, 1) == std::vector<Real>{Real(0.25), Real(0.75)});
  const std::vector<Tensor> twice{a, a};
  const std::vector<Real> flow = attention_flow(twice, 1);
  for (Index j = 0; j < 2; ++j)
    CHECK(d(flow[static_cast<std::size_t>(j)]) >= d(rollout(twice).back().view()[2 + j]) - 1e-6);
}
