// Paths and probes as the page asks for them: the numbers are the core's, the graph has the edges it should,
// and odd requests are refused.
#include <doctest.h>

#include <cmath>

#include "attn/analysis/path_patching.hpp"
#include "attn/model/checkpoint.hpp"
#include "requests.hpp"

using namespace attn;
using namespace attn::wasm;

namespace {

constexpr const char* config =
    R"("seed": 3, "config": {"vocab": 7, "context": 8, "layers": 2, "width": 8, "heads": 2, "init_std": 0.6})";
void add_model(LabSession& session) {
  session.create_model(request(std::string(R"({"id": 1, )") + config + "}"));
}
Request ask(const std::string& rest) { return request(R"({"model": 1, )" + rest + "}"); }
Request paths(const std::string& rest = "") {
  return ask(
      R"("clean": [1, 2, 3, 1, 2], "corrupted": [1, 4, 3, 1, 2], "metric": {"position": 4, "right": 5})" +
      rest);
}
double d(Real x) { return static_cast<double>(x); }

// Sequences whose label is the token itself (legible in the stream) or a constant.
std::string sequences(Index count, bool with_labels) {
  std::string tokens, labels, targets;
  for (Index b = 0; b < count; ++b) {
    std::string row, label, target;
    for (Index t = 0; t < 8; ++t) {
      const Index token = (3 * b + 5 * t + b * t) % 7;
      row += (t ? ", " : "") + std::to_string(token);
      label += (t ? ", " : "") + std::to_string(with_labels ? token : -1);
      target += (t ? ", " : "") + std::to_string(t + 1 < 8 ? (token + 1) % 7 : -1);
    }
    const std::string comma = b ? ", " : "";
    tokens += comma + "[" + row + "]", labels += comma + "[" + label + "]",
        targets += comma + "[" + target + "]";
  }
  return R"("tokens": [)" + tokens + R"(], "labels": [)" + labels + R"(], "types": [)" + tokens +
         R"(], "targets": [)" + targets + R"(], "classes": 7, "train": 20)";
}

}  // namespace

TEST_CASE("patchPaths: every edge is the core's path patching, and there are no others") {
  LabSession session;
  add_model(session);
  const std::vector<std::uint8_t> file = session.save_model(request(R"({"model": 1})")).bytes;
  const Model model = take(load_model(file.data(), file.size()));
  const TokenBatch clean{{1, 2, 3, 1, 2}, 1, 5, {}, {}}, corrupted{{1, 4, 3, 1, 2}, 1, 5, {}, {}};
  Metric metric;
  metric.kind = Metric::Kind::centred_logit;
  metric.answers = {{0, 4, 5, -1}};
  for (const bool noise : {false, true}) {
    const Reply reply = session.patch_paths(paths(noise ? R"(, "noise": true)" : ""));
    const Tensor& edges = tensor(reply, "edges");
    REQUIRE(edges.shape == Shape{5, 2, 2, 3});
    const double from = number(reply, noise ? "clean" : "corrupted"),
                 to = number(reply, noise ? "corrupted" : "clean");
    const auto effect = [&](Slice sender, Slice receiver) {
      return (d(path_patching(model, noise ? clean : corrupted, noise ? corrupted : clean, metric,
                              {{sender}, {receiver}, false})) -
              from) /
             (to - from);
    };
    // Sender 2 is head 0.1; receiver: the keys of head 1.0.
    CHECK(d(edges.view()[((2 * 2 + 1) * 2 + 0) * 3 + 1]) ==
          doctest::Approx(effect({{Site::z, 0}, 1, -1}, {{Site::k, 1}, 0, -1})).epsilon(1e-3));
    CHECK(d(tensor(reply, "layers").view()[(2 * 2 + 1) * 3 + 2]) ==
          doctest::Approx(effect({{Site::z, 0}, 1, -1}, {{Site::v, 1}, -1, -1})).epsilon(1e-3));
    CHECK(d(tensor(reply, "direct").view()[2]) ==
          doctest::Approx(effect({{Site::z, 0}, 1, -1}, {{Site::resid_post, 1}, -1, -1})).epsilon(1e-3));
    // The tokens are all that the prompts differ by.
    CHECK(d(tensor(reply, "total").view()[0]) == doctest::Approx(1).epsilon(1e-3));
    for (Index s = 1; s < 5; ++s)
      for (Index i = 0; i < 6; ++i) {
        CHECK(std::isnan(edges.view()[(s * 2 + 0) * 6 + i]));             // no head writes to layer 0
        CHECK(std::isnan(edges.view()[(s * 2 + 1) * 6 + i]) == (s > 2));  // nor layer 1 to itself
      }
  }
}

TEST_CASE("probe: the token is legible at the input, erased it is not, and the control is as easy") {
  LabSession session;
  add_model(session);
  const Reply reply = session.probe(ask(sequences(40, true) + R"(, "site": "resid_pre", "layer": 0,
      "steps": 400, "code": true, "erase": true)"));
  CHECK(number(reply, "examples") == 160);
  CHECK(number(reply, "accuracy") > 0.9);
  CHECK(number(reply, "control") > 0.8);  // a table of seven tokens is learnt by heart
  CHECK(number(reply, "base") < 0.4);
  CHECK(number(reply, "bits") < number(reply, "uniformBits"));
  CHECK(number(reply, "uniformBits") == doctest::Approx(160 * std::log2(7.0)));
  CHECK(number(reply, "rank") == 6);
  CHECK(number(reply, "left") < 0.4);
  CHECK(std::abs(number(reply, "erasedLoss") - number(reply, "loss")) > 1e-4);
  CHECK(std::abs(number(reply, "randomLoss") - number(reply, "loss")) > 1e-4);
  const Reply plain = session.probe(ask(sequences(40, true) + R"(, "site": "z", "layer": 1, "head": 1)"));
  CHECK(plain.value.find("bits") == nullptr);
  CHECK(plain.value.find("loss") == nullptr);
}

TEST_CASE("probe and patchPaths: what cannot be asked is refused") {
  LabSession session;
  add_model(session);
  const auto probe = [&](const std::string& rest) { return refusal(session, &LabSession::probe, ask(rest)); };
  CHECK(probe(sequences(40, true) + R"(, "site": "logits", "layer": 0)") == ErrorCode::malformed);
  CHECK(probe(sequences(40, true) + R"(, "site": "z", "layer": 2, "head": 0)") == ErrorCode::out_of_range);
  CHECK(probe(sequences(20, true) + R"(, "site": "z", "layer": 0, "head": 0)") == ErrorCode::out_of_range);
  CHECK(probe(sequences(40, false) + R"(, "site": "z", "layer": 0, "head": 0)") == ErrorCode::unsupported);
  CHECK(
      probe(R"("tokens": [[1, 2], [2, 3]], "labels": [[1, 2]], "types": [[1, 2], [1, 2]], "targets": [[1, 2],
      [1, 2]], "classes": 7, "train": 1, "site": "resid_pre", "layer": 0)") == ErrorCode::mismatch);
  CHECK(refusal(session, &LabSession::patch_paths,
                ask(R"("clean": [1, 2], "corrupted": [1], "metric": {"position": 0, "right": 5})")) ==
        ErrorCode::mismatch);
}
