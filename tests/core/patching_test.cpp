#include "attn/analysis/patching.hpp"

#include "golden_interventions.hpp"
#include "handmade.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {

double d(Real x) { return static_cast<double>(x); }

// 0 3 6 1 … repeated; asks at the last position for what followed its token before.
struct InductionPrompt {
  Model model = handmade::induction_model();
  TokenBatch clean = handmade::distinct_repeat(1);
  Metric metric;
  InductionPrompt() { metric.answers = {{0, 13, clean.tokens[6], clean.tokens[0]}}; }
  // The effect of every head's z when the token at `position` is another one.
  std::vector<Real> heads(Index position, TokenId token, Direction direction = Direction::denoise) const {
    TokenBatch corrupted = clean;
    corrupted.tokens[static_cast<std::size_t>(position)] = token;
    return activation_patching(model, clean, corrupted, metric,
                               every_slice(model, Site::z, 16, {true, false}), direction)
        .effect;
  }
};

}  // namespace

TEST_CASE("patching: the golden prompts, denoising and noising, at every kind of site") {
  const std::tuple<const char*, Site, SliceGrid> grids[] = {{"resid_pre", Site::resid_pre, {false, true}},
                                                            {"z", Site::z, {true, false}},
                                                            {"z_at", Site::z, {true, true}},
                                                            {"k", Site::k, {true, false}},
                                                            {"pattern", Site::pattern, {true, false}},
                                                            {"mlp_out", Site::mlp_out, {false, true}}};
  for (const char* name : {"gpt2", "llama"}) {
    const GoldenPair pair(name);
    for (const bool denoise : {true, false})
      for (const auto& grid : grids) {
        const PatchingResult r =
            activation_patching(pair.model, pair.clean, pair.corrupted, pair.metric,
                                every_slice(pair.model, std::get<1>(grid), 9, std::get<2>(grid)),
                                denoise ? Direction::denoise : Direction::noise);
        const std::string what = std::string(denoise ? "denoise/" : "noise/") + std::get<0>(grid);
        check_close(name + what, as_view(r.metric), pair.golden.tensor(what), 256);
        for (std::size_t i = 0; i < r.metric.size(); ++i) {
          const double share = (d(r.metric[i]) - d(r.corrupted)) / (d(r.clean) - d(r.corrupted));
          CHECK(d(r.effect[i]) == doctest::Approx(denoise ? share : 1 - share).epsilon(1e-4));
        }
      }
  }
}

TEST_CASE("patching: all of the stream restores everything; in the future of the answer, nothing") {
  const GoldenPair pair("gpt2");
  Metric metric = pair.metric;
  for (Answer& a : metric.answers) a.position = 5;
  const auto effect = [&](Slice slice) {
    return d(
        activation_patching(pair.model, pair.clean, pair.corrupted, metric, {{slice}}, Direction::denoise)
            .effect[0]);
  };
  CHECK(effect({{Site::resid_post, 0}, -1, -1}) == 1);
  CHECK(effect({{Site::resid_post, 1}, -1, 5}) == 1);
  CHECK(effect({{Site::logits, -1}, -1, -1}) == 1);
  CHECK(effect({{Site::resid_pre, 0}, -1, 8}) == 0);
  CHECK(effect({{Site::resid_pre, 0}, -1, 0}) == 0);  // the prompts agree there
}

// Dossier of chapter 9, experiment 1: what a head "does" depends on what the prompts differ in.
TEST_CASE("patching: the same head under three contrasts, in an induction model built by hand") {
  const InductionPrompt p;
  // The model has one head a layer, so what their patches restore is all or nothing.
  // (a) Another token where the answer stands: only layer 1 carries it.
  const std::vector<Real> source = p.heads(6, p.clean.tokens[0]);
  CHECK(d(source[0]) == doctest::Approx(0).epsilon(1e-4));
  CHECK(d(source[1]) == doctest::Approx(1).epsilon(1e-4));
  // (b) Another token before it: the note "my previous token was x" is lost, and layer 0 alone restores it.
  const std::vector<Real> before = p.heads(5, p.clean.tokens[0]);
  CHECK(d(before[0]) == doctest::Approx(1).epsilon(1e-4));
  CHECK(d(before[1]) == doctest::Approx(1).epsilon(1e-4));
  // (c) Another token that asks: layer 0 knows nothing of the question.
  const std::vector<Real> query = p.heads(13, p.clean.tokens[2]);
  CHECK(d(query[0]) == doctest::Approx(0).epsilon(1e-4));
  CHECK(d(query[1]) == doctest::Approx(1).epsilon(1e-4));
  // Noising: layer 1 then finds no match and reads all 13 keys alike (position 0 is barred). The answer and
  // its rival stand there once each, so nothing is left of the difference: 10 - 0. The corrupted prompt has
  // the rival twice and ends at -10/13: a share of 10 / (10 + 10/13).
  CHECK(d(p.heads(5, p.clean.tokens[0], Direction::noise)[0]) == doctest::Approx(13.0 / 14).epsilon(1e-4));
  CHECK(d(p.heads(6, p.clean.tokens[0], Direction::noise)[0]) == doctest::Approx(0).epsilon(1e-4));
}

TEST_CASE("patching: prompts that do not differ have no effect to share") {
  const GoldenPair pair("gpt2");
  const PatchingResult r = activation_patching(pair.model, pair.clean, pair.clean, pair.metric,
                                               {{{{Site::z, 0}, 0, -1}}}, Direction::denoise);
  CHECK(r.effect[0] != r.effect[0]);
  CHECK(every_slice(pair.model, Site::z, 9, {true, true}).size() == 2 * 4 * 9);
}
