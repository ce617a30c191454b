// What chapter 9 asks of the session: the answers are those of the core's analyses, and odd requests are
// refused.
#include <doctest.h>

#include <algorithm>
#include <cmath>

#include "attn/analysis/attribution_patching.hpp"
#include "attn/model/checkpoint.hpp"
#include "requests.hpp"

using namespace attn;
using namespace attn::wasm;

namespace {

// Weights large enough that attention does not stay uniform.
constexpr const char* config =
    R"("seed": 3, "config": {"vocab": 7, "context": 8, "layers": 2, "width": 8, "heads": 2, "init_std": 0.6})";
constexpr const char* metric = R"("metric": {"position": 4, "right": 5})";
constexpr const char* pair = R"("clean": [1, 2, 3, 1, 2], "corrupted": [1, 4, 3, 1, 2])";

void add_model(LabSession& session) {
  session.create_model(request(std::string(R"({"id": 1, )") + config + "}"));
}

Request ask(const std::string& rest) { return request(R"({"model": 1, )" + rest + "}"); }
Request patch_of(const std::string& rest) { return ask(std::string(pair) + ", " + metric + ", " + rest); }

TokenBatch batch_of(std::vector<TokenId> tokens) {
  const Index length = static_cast<Index>(tokens.size());
  return {std::move(tokens), 1, length, {}, {}};
}

}  // namespace

TEST_CASE("patch: the effects of the core, both ways, with the estimate beside them") {
  LabSession session;
  add_model(session);
  const std::vector<std::uint8_t> file = session.save_model(request(R"({"model": 1})")).bytes;
  const Model model = take(load_model(file.data(), file.size()));
  Metric m;
  m.kind = Metric::Kind::centred_logit;
  m.answers = {{0, 4, 5, -1}};
  const TokenBatch clean = batch_of({1, 2, 3, 1, 2}), corrupted = batch_of({1, 4, 3, 1, 2});
  for (bool noise : {false, true}) {
    const Reply reply = session.patch(
        patch_of(std::string(R"("site": "z", "positions": true, "noise": )") + (noise ? "true" : "false")));
    const PatchingResult exact =
        activation_patching(model, clean, corrupted, m, every_slice(model, Site::z, 5, {true, true}),
                            noise ? Direction::noise : Direction::denoise);
    const Tensor& effect = tensor(reply, "effect");
    REQUIRE(effect.size() == 2 * 2 * 5);
    CHECK(number(reply, "clean") == doctest::Approx(exact.clean));
    CHECK(number(reply, "corrupted") == doctest::Approx(exact.corrupted));
    for (std::size_t i = 0; i < exact.effect.size(); ++i)
      CHECK(static_cast<double>(effect.data[i]) ==
            doctest::Approx(static_cast<double>(exact.effect[i])).epsilon(1e-3));
    // Where the prompts agree so far there is nothing to patch: exactly nothing, exactly estimated.
    CHECK(effect.data[0] == 0);
    CHECK(tensor(reply, "estimate").data[0] == 0);
    // The estimate is that of the core, in the same units.
    const double gap = static_cast<double>(exact.clean) - static_cast<double>(exact.corrupted);
    const std::vector<Real> estimate =
        attribution_patching(model, noise ? clean : corrupted, noise ? corrupted : clean, m,
                             every_slice(model, Site::z, 5, {true, true}));
    for (std::size_t i = 0; i < estimate.size(); ++i)
      CHECK(static_cast<double>(tensor(reply, "estimate").data[i]) * (noise ? -gap : gap) ==
            doctest::Approx(static_cast<double>(estimate[i])).epsilon(1e-3));
  }
}

TEST_CASE("patch: everything restored is 1, by layers too; prompts that agree have no scale") {
  LabSession session;
  add_model(session);
  const Tensor whole = tensor(session.patch(patch_of(R"("site": "resid_pre", "layers": [0])")), "effect");
  REQUIRE(whole.size() == 1);
  CHECK(static_cast<double>(whole.data[0]) == doctest::Approx(1).epsilon(1e-4));
  const Reply same =
      session.patch(ask(std::string(R"("clean": [1, 2, 3, 1, 2], "corrupted": [1, 2, 3, 1, 2], )") + metric +
                        R"(, "site": "z")"));
  CHECK(std::isnan(tensor(same, "effect").data[0]));
}

TEST_CASE("trace: without noise nothing is lost; with it the last state brings the answer back") {
  LabSession session;
  add_model(session);
  const std::string rest = std::string(R"("tokens": [1, 2, 3, 1, 2], "from": 1, "count": 1, )") + metric;
  const Reply quiet = session.trace(ask(rest + R"(, "std": 0)"));
  CHECK(number(quiet, "corrupted") == doctest::Approx(number(quiet, "clean")));
  const Reply loud = session.trace(ask(rest + R"(, "draws": 4)"));
  const Tensor& restored = tensor(loud, "restored");
  REQUIRE(restored.shape == Shape{2, 5});
  CHECK(number(loud, "std") > 0);
  CHECK(std::abs(number(loud, "corrupted") - number(loud, "clean")) > 1e-3);
  CHECK(static_cast<double>(restored.data[9]) == doctest::Approx(number(loud, "clean")).epsilon(1e-4));
  CHECK(static_cast<double>(restored.data[0]) == doctest::Approx(number(loud, "corrupted")).epsilon(1e-4));
}

TEST_CASE("importance: nine profiles of one length, the same for the same seed") {
  LabSession session;
  add_model(session);
  const std::string rest = std::string(R"("tokens": [1, 2, 3, 1, 2, 6], "draws": 5, "seed": 7, )") + metric;
  const Reply reply = session.importance(ask(rest));
  REQUIRE(reply.tensors.size() == 9);
  for (const NamedTensor& t : reply.tensors) CHECK(t.tensor.size() == 5);
  CHECK(tensor(session.importance(ask(rest)), "truth").data == tensor(reply, "truth").data);
  CHECK(tensor(reply, "again").data != tensor(reply, "truth").data);
  double mass = 0;
  for (Real x : tensor(reply, "rollout").data) mass += static_cast<double>(x);
  CHECK(mass == doctest::Approx(1));
}

TEST_CASE("lens: one state per depth, the last is the model's own answer") {
  LabSession session;
  add_model(session);
  const Reply reply = session.lens(ask(R"("tokens": [1, 2, 3], "position": 2, "target": 5)"));
  const std::vector<io::Json>& depths = reply.value.find("depths")->items();
  REQUIRE(depths.size() == 3);
  CHECK(depths[2].find("divergence")->number() == doctest::Approx(0).epsilon(1e-6));
  CHECK(depths[0].find("divergence")->number() > 1e-3);
}

TEST_CASE("what cannot be asked is refused with a reason") {
  LabSession session;
  add_model(session);
  CHECK(refusal(session, &LabSession::patch, patch_of(R"("site": "mlp_out")")) == ErrorCode::unsupported);
  CHECK(refusal(session, &LabSession::patch, patch_of(R"("site": "nothing")")) == ErrorCode::out_of_range);
  CHECK(refusal(session, &LabSession::patch,
                ask(std::string(R"("clean": [1], "corrupted": [1, 2], "site": "z", )") + metric)) ==
        ErrorCode::mismatch);
  CHECK(refusal(session, &LabSession::importance,
                ask(R"("tokens": [1, 2], "metric": {"position": 2, "right": 5})")) ==
        ErrorCode::out_of_range);
  CHECK(refusal(session, &LabSession::importance,
                ask(R"("tokens": [1, 2], "metric": {"kind": "beauty", "position": 1, "right": 5})")) ==
        ErrorCode::malformed);
  CHECK(refusal(session, &LabSession::trace,
                ask(std::string(R"("tokens": [1, 2, 3, 1, 2], "from": 4, "count": 2, )") + metric)) ==
        ErrorCode::out_of_range);
}
