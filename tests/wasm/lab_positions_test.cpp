// Chapter 13's calls without JavaScript: what they answer, and what they refuse.
#include <doctest.h>

#include <algorithm>
#include <cmath>

#include "requests.hpp"

using namespace attn;
using namespace attn::wasm;

namespace {

double score(const Tensor& parts, Index distance) {
  const Index pairs = parts.shape[1];
  double sum = 0;
  for (Index i = 0; i < pairs; ++i) sum += static_cast<double>(parts.data[distance * pairs + i]);
  return sum;
}

}  // namespace

TEST_CASE("rotary scores: cosines of the distance, unmoved by a shift, highest at the offset asked for") {
  LabSession session;
  const Reply reply = session.rotary_scores(request(R"({"width": 16, "distances": 40, "offset": 3})"));
  const Tensor &parts = tensor(reply, "parts"), &frequency = tensor(reply, "frequency");
  CHECK(parts.shape == Shape{40, 8});
  for (Index distance : {0, 3, 17, 39})
    for (Index i = 0; i < 8; ++i)
      CHECK(parts.data[distance * 8 + i] ==
            doctest::Approx(2.0 / 4 * std::cos((distance - 3) * static_cast<double>(frequency.data[i])))
                .epsilon(1e-4));
  for (Index distance = 0; distance < 40; ++distance)
    if (distance != 3) CHECK(score(parts, distance) < score(parts, 3));
  const Reply random = session.rotary_scores(request(R"({"width": 16, "distances": 40, "seed": 2})")),
              moved = session.rotary_scores(
                  request(R"({"width": 16, "distances": 40, "seed": 2, "shift": 500})"));
  for (Index distance = 0; distance < 40; ++distance)
    CHECK(score(tensor(moved, "parts"), distance) ==
          doctest::Approx(score(tensor(random, "parts"), distance)).epsilon(1e-3));
}

TEST_CASE("rotary scores: a stretched ladder comes with the config that a model of it has") {
  LabSession session;
  const Reply yarn = session.rotary_scores(
      request(R"({"width": 128, "distances": 1, "extension": "yarn", "factor": 16, "context": 4096})"));
  const io::Json* config = yarn.value.find("config");
  CHECK(config->find("rope_scaling")->number() == 16);
  CHECK(config->find("rope_ramp")->string() == "pairs");
  CHECK(config->find("rope_magnitude")->number() == doctest::Approx(1.2772589));
  for (const char* bad : {R"({"width": 15, "distances": 1})", R"({"width": 16, "distances": 0})",
                          R"({"width": 16, "distances": 1, "base": 0})",
                          R"({"width": 2, "distances": 1, "extension": "ntk", "factor": 2})",
                          R"({"width": 16, "distances": 1, "extension": "longer"})"})
    CHECK_THROWS_AS(session.rotary_scores(request(bad)), Refusal);
}

TEST_CASE("position bias: slopes of the heads, buckets of the distances") {
  LabSession session;
  const Reply reply = session.position_bias(request(R"({"heads": 8, "distances": 200})"));
  CHECK(tensor(reply, "slopes").data[0] == Real(0.5));
  CHECK(tensor(reply, "bucket").data[15] == 15);
  CHECK(tensor(reply, "bucket").data[18] == 16);
  CHECK(tensor(reply, "bucket").data[199] == 31);
  CHECK_THROWS_AS(session.position_bias(request(R"({"heads": 0, "distances": 2})")), Refusal);
  // More buckets than the usual farthest distance: they still rise from 0 to the last.
  const Tensor many =
      tensor(session.position_bias(request(R"({"heads": 1, "distances": 4096, "buckets": 1024})")), "bucket");
  CHECK(std::is_sorted(many.data.begin(), many.data.end()));
  CHECK(many.data.back() == 1023);
}
