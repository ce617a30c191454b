#include "attn/analysis/gradients.hpp"

#include "golden_interventions.hpp"
#include "gradient_check.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("gradients of activations: every site of the golden models against autograd") {
  for (const char* name : {"gpt2", "llama"}) {
    const GoldenPair pair(name);
    std::vector<HookPoint> points{{Site::embed, -1}};
    for (int l = 0; l < 2; ++l)
      for (Site s : {Site::resid_pre, Site::q, Site::k, Site::v, Site::z, Site::pattern, Site::attn_out,
                     Site::mlp_post, Site::mlp_out})
        points.push_back({s, l});
    const ActivationGradients g = activation_gradients(pair.model, pair.corrupted, pair.metric, points);
    const Activations run = record(pair.model, pair.corrupted, points);
    CHECK(g.metric == measure(pair.metric, run.logits));
    for (HookPoint p : points) {
      // A masked weight takes part in nothing, though the value behind it would make it count: torch gives
      // dP = dZ Vᵀ there too, and so do we.
      check_close(name + to_string(p), g.gradients.at(p), pair.golden.tensor("gradient/" + to_string(p)),
                  256);
      CHECK(g.values.at(p).data == run.at(p).data);
    }
  }
}

TEST_CASE("gradients of activations: every kind of model against the stencil") {
  if (!kDouble) {
    MESSAGE("gradient check skipped: float build");
    return;
  }
  for (const NamedConfig& each : small_configs()) {
    const Model m = random_model(each.config);
    const TokenBatch batch = random_tokens(m.config, 2, 6);
    Metric metric = next_token_loss(batch);
    std::vector<HookPoint> points{{Site::embed, -1},  {Site::q, 1},       {Site::v, 0},         {Site::z, 0},
                                  {Site::pattern, 1}, {Site::attn_in, 1}, {Site::resid_post, 0}};
    const ActivationGradients g = activation_gradients(m, batch, metric, points);
    for (HookPoint p : points) {
      const Tensor& analytic = g.gradients.at(p);
      Real shift = 0;
      const Index at = analytic.size() / 2;
      Hooks hooks;
      const auto nudge = hooks.replace(p, [&shift, at](HookPoint, View x) { x[at] += shift; });
      const double error = slope_error(
          [&] { return static_cast<double>(measure(metric, record(m, batch, {}, &hooks).logits)); }, shift,
          static_cast<double>(analytic.view()[at]), 1e-9);
      INFO(each.name << " " << to_string(p));
      CHECK(error <= 1e-9);
    }
  }
}

TEST_CASE("gradients of activations: begin anew where a hook replaced the value, and go no further back") {
  const Model m = random_model(small_config());
  const TokenBatch batch = random_tokens(m.config, 1, 5);
  const Metric metric = next_token_loss(batch);
  std::vector<WatchedValue> watched{{{Site::resid_pre, 1}, {}}, {{Site::embed, -1}, {}}};
  Hooks hooks;
  const auto same = hooks.replace({Site::resid_pre, 1}, [](HookPoint, View) {});
  Tape tape(Tape::Mode::training);
  ForwardOptions options;
  options.hooks = &hooks;
  options.watched = &watched;
  tape.backward(measure(tape, forward(tape, m, batch, options), metric));
  const ActivationGradients g = activation_gradients(m, batch, metric, {{Site::resid_pre, 1}});
  const View stream = tape.grad(watched[0].value), embed = tape.grad(watched[1].value);
  for (Index i = 0; i < stream.size(); ++i)
    CHECK(stream[i] == g.gradients.at({Site::resid_pre, 1}).view()[i]);
  for (Real x : embed) CHECK(x == 0);
}

TEST_CASE("gradients of activations: what has none is refused by name") {
  const Model m = random_model(small_config());
  const TokenBatch batch = random_tokens(m.config, 1, 5);
  const Metric metric = next_token_loss(batch);
  CHECK_THROWS_WITH_AS(activation_gradients(m, batch, metric, {{Site::attn_scores, 0}}),
                       "no gradient is kept at blocks.0.attn.attn_scores", ShapeError);
  CHECK_THROWS_WITH_AS(activation_gradients(m, batch, metric, {{Site::mlp_out, 0}}),
                       "the model has no blocks.0.mlp_out", ShapeError);
  std::vector<WatchedValue> watched{{{Site::z, 0}, {}}};
  Tape tape(Tape::Mode::inference);
  ForwardOptions options;
  options.watched = &watched;
  CHECK_THROWS_AS(forward(tape, m, batch, options), ShapeError);
}
