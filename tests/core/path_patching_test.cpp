#include "attn/analysis/path_patching.hpp"

#include "golden_interventions.hpp"
#include "handmade.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {
double d(Real x) { return static_cast<double>(x); }
}  // namespace

TEST_CASE("path patching: the golden prompts, into queries, keys, values and the logits") {
  for (const char* name : {"gpt2", "llama"}) {
    const GoldenPair pair(name);
    const int kv = static_cast<int>(pair.model.config.resolved_kv_heads()) - 1;
    const std::pair<std::string, Slice> receivers[] = {{"q", {{Site::q, 1}, 1, -1}},
                                                       {"k", {{Site::k, 1}, kv, -1}},
                                                       {"v", {{Site::v, 1}, kv, -1}},
                                                       {"logits", {{Site::resid_post, 1}, -1, -1}}};
    for (const auto& receiver : receivers)
      for (const bool through : {false, true}) {
        std::vector<Real> got;
        for (int h = 0; h < 4; ++h)
          got.push_back(path_patching(pair.model, pair.clean, pair.corrupted, pair.metric,
                                      {{{{Site::z, 0}, h, -1}}, {receiver.second}, through}));
        const std::string what = "path/" + receiver.first + (through ? "/1" : "/0");
        check_close(name + what, as_view(got), pair.golden.tensor(what), 256);
      }
  }
}

TEST_CASE("path patching: the hand-built induction circuit is the K-composition that was written in") {
  const Model m = handmade::induction_model();
  const TokenBatch clean = handmade::distinct_repeat(1);
  TokenBatch corrupted = clean;
  corrupted.tokens[5] = clean.tokens[0];  // the token before the answer
  Metric metric;
  metric.answers = {{0, 13, clean.tokens[6], clean.tokens[0]}};
  const auto through = [&](Site site) {
    return d(
        path_patching(m, corrupted, clean, metric, {{{{Site::z, 0}, 0, -1}}, {{{site, 1}, -1, -1}}, false}));
  };
  const double before = d(measure(metric, logits_of(m, corrupted)));
  const double whole = d(measure(metric, logits_of(m, clean)));
  REQUIRE(whole - before > 5);
  CHECK(through(Site::k) == doctest::Approx(whole).epsilon(1e-4));
  for (Site site : {Site::q, Site::v, Site::resid_post})
    CHECK(through(site) == doctest::Approx(before).epsilon(1e-4));
}

TEST_CASE("path patching: without norms, direct and composed effects add up to the whole patch") {
  ModelConfig c = small_config();
  c.norm = NormPlacement::none;
  const Model m = random_model(c, 9);
  const TokenBatch here = random_tokens(c, 2, 7, 1), there = random_tokens(c, 2, 7, 2);
  Metric metric;
  metric.answers = {{0, 6, 1, 2}, {1, 6, 3, 0}};
  const double before = d(measure(metric, logits_of(m, here)));
  const auto effect = [&](std::vector<Slice> receivers) {
    return d(path_patching(m, here, there, metric, {{{{Site::z, 0}, 1, -1}}, std::move(receivers), false})) -
           before;
  };
  const double direct = effect({{{Site::resid_post, 1}, -1, -1}});
  const double composed = effect({{{Site::q, 1}, -1, -1}, {{Site::k, 1}, -1, -1}, {{Site::v, 1}, -1, -1}});
  const Activations source = record(m, there, {{Site::z, 0}});
  const double whole = d(patched_metric(m, here, metric, source, {{{Site::z, 0}, 1, -1}})) - before;
  CHECK(std::fabs(direct) > 1e-3);
  CHECK(std::fabs(composed) > 1e-3);
  CHECK(direct + composed == doctest::Approx(whole).epsilon(1e-3));
}

TEST_CASE("path patching: edges that do not exist are refused") {
  const Model m = random_model(small_config());
  const TokenBatch batch = random_tokens(m.config, 1, 4);
  const auto run = [&](HookPoint from, HookPoint to) {
    return path_inputs(m, batch, batch, {{{from, -1, -1}}, {{to, -1, -1}}, false});
  };
  CHECK_THROWS_WITH_AS(run({Site::z, 1}, {Site::q, 1}),
                       "path patching: nothing leads from blocks.1.attn.z to blocks.1.attn.q", ShapeError);
  CHECK_THROWS_AS(run({Site::pattern, 0}, {Site::q, 1}), ShapeError);
  CHECK_NOTHROW(run({Site::z, 1}, {Site::resid_post, 1}));
}
