// Chapter 17's calls without JavaScript: what they answer, and what they refuse.
#include <doctest.h>

#include "requests.hpp"

using namespace attn;
using namespace attn::wasm;

TEST_CASE("tiles: exact whatever their size, and rescaled at every tile only when scores rise") {
  LabSession session;
  const Reply rising = session.tiled_attention(request(R"({"tokens": 64, "keys": 8, "order": "rising"})"));
  CHECK(number(rising, "error") < 2e-6);
  CHECK(number(rising, "rescales") == 7);
  CHECK(tensor(rising, "maximum").shape == Shape{8});
  const Reply falling = session.tiled_attention(request(R"({"tokens": 64, "keys": 8, "order": "falling"})"));
  CHECK(number(falling, "rescales") == 0);
  CHECK(number(falling, "traffic") < number(falling, "untiled"));
  for (const char* bad : {R"({"tokens": 5000})", R"({"keys": 0})", R"({"order": "sorted"})"})
    CHECK_THROWS_AS(session.tiled_attention(request(bad)), Refusal);
}

TEST_CASE("memories of a fixed size: counts by kinds, and what is refused") {
  LabSession session;
  const Reply reply = session.memory_capacity(request(R"({"keys": [4, 128], "trials": 4})"));
  const Tensor& share = tensor(reply, "share");
  CHECK(share.shape == Shape{2, 5});
  CHECK(share.data[0] > share.data[5]);  // a sum of four writes, of 128
  for (const char* bad : {R"({"keys": []})", R"({"keys": [1000]})", R"({"keys": [4], "similarity": 1})",
                          R"({"keys": [4], "beta": -1})"})
    CHECK_THROWS_AS(session.memory_capacity(request(bad)), Refusal);
}

TEST_CASE("random features: estimates by draw beside the closed form") {
  LabSession session;
  const Reply reply =
      session.feature_error(request(R"({"kind": "positive", "draws": 50, "cosine": 1, "radius": 0})"));
  for (const Real ratio : tensor(reply, "ratios").data)
    CHECK(ratio == doctest::Approx(1));  // e^0 has no variance
  CHECK(number(reply, "theory") == 0);
  CHECK_THROWS_AS(session.feature_error(request(R"({"kind": "sharp"})")), Refusal);
  CHECK_THROWS_AS(session.feature_error(request(R"({"kind": "positive", "cosine": 2})")), Refusal);
}

TEST_CASE("recall: steps from a state are the steps of one run") {
  LabSession session;
  const auto ask = [&](const char* count, const Tensor* state) {
    Request r = request(std::string(R"({"memory": "delta", "pairs": 3, "vocab": 12, "batch": 8, "count": )") +
                        count + "}");
    if (state) r.numbers = state->data;
    return session.recall_steps(r);
  };
  const Reply whole = ask("6", nullptr), first = ask("4", nullptr);
  const Reply second = ask("2", &tensor(first, "state"));
  CHECK(number(second, "step") == 6);
  CHECK(tensor(second, "state").data == tensor(whole, "state").data);
  CHECK(number(second, "accuracy") == number(whole, "accuracy"));
  CHECK_THROWS_AS(session.recall_steps(request(R"({"memory": "none", "count": 1})")), Refusal);
  CHECK_THROWS_AS(
      session.recall_steps(request(R"({"memory": "delta", "count": 1, "pairs": 30, "vocab": 10})")), Refusal);
  Request torn = request(R"({"memory": "delta", "count": 1})");
  torn.numbers = {1, 2, 3};
  CHECK_THROWS_AS(session.recall_steps(torn), Refusal);
}
