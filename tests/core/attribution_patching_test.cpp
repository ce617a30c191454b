#include "attn/analysis/attribution_patching.hpp"

#include "golden_interventions.hpp"
#include "gradient_check.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("attribution patching: the golden prompts") {
  const std::tuple<const char*, Site, SliceGrid> grids[] = {
      {"atp/z", Site::z, {true, false}},
      {"atp/pattern", Site::pattern, {true, false}},
      {"atp/resid_pre", Site::resid_pre, {false, true}}};
  for (const char* name : {"gpt2", "llama"}) {
    const GoldenPair pair(name);
    for (const auto& grid : grids) {
      const std::vector<Real> got =
          attribution_patching(pair.model, pair.corrupted, pair.clean, pair.metric,
                               every_slice(pair.model, std::get<1>(grid), 9, std::get<2>(grid)));
      check_close(std::string(name) + std::get<0>(grid), as_view(got), pair.golden.tensor(std::get<0>(grid)),
                  512);
    }
  }
}

TEST_CASE("attribution patching: exact where the metric is linear in the activation") {
  ModelConfig c = small_config();
  c.norm = NormPlacement::none;
  const Model m = random_model(c, 9);
  const TokenBatch here = random_tokens(c, 2, 7, 1), there = random_tokens(c, 2, 7, 2);
  Metric metric;
  metric.answers = {{0, 6, 1, 2}, {1, 5, 3, 0}};
  // z of the last layer only passes through W_O and W_U; with z of layer 0 the softmax of layer 1 bends it.
  std::vector<std::vector<Slice>> last{{{{Site::z, 1}, 0, -1}}, {{{Site::z, 1}, 1, -1}}};
  const AttributionError linear = attribution_error(m, here, there, metric, last);
  CHECK(linear.largest <= 1e-4 * std::fabs(static_cast<double>(linear.exact[0])));
  CHECK(static_cast<double>(linear.slope) == doctest::Approx(1).epsilon(1e-4));
  std::vector<std::vector<Slice>> first{{{{Site::z, 0}, 0, -1}}, {{{Site::z, 0}, 1, -1}}};
  const AttributionError bent = attribution_error(m, here, there, metric, first);
  CHECK(static_cast<double>(bent.largest) > 1e-2);
}

TEST_CASE("attribution patching: the error is of second order in the step") {
  if (!kDouble) {
    MESSAGE("order of the error skipped: float build");
    return;
  }
  const GoldenPair pair("gpt2");
  const HookPoint point{Site::z, 0};
  const Activations a = record(pair.model, pair.corrupted, {point}),
                    b = record(pair.model, pair.clean, {point});
  const Slice slice{point, 1, -1};
  const double estimate = static_cast<double>(
      attribution_patching(pair.model, pair.corrupted, pair.clean, pair.metric, {{slice}})[0]);
  const auto error = [&](double step) {  // of the patch a + step (b - a)
    Tensor mixed = a.at(point);
    for (std::size_t i = 0; i < mixed.data.size(); ++i)
      mixed.data[i] += static_cast<Real>(step) * (b.at(point).data[i] - a.at(point).data[i]);
    Activations source;
    source.set(point, mixed);
    const double moved =
        static_cast<double>(patched_metric(pair.model, pair.corrupted, pair.metric, source, {slice}) -
                            measure(pair.metric, a.logits));
    return moved - step * estimate;
  };
  CHECK(std::fabs(error(1e-2)) > 1e-9);
  CHECK(error(2e-3) / error(1e-3) == doctest::Approx(4).epsilon(0.02));
}
