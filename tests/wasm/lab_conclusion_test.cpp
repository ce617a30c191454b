// The conclusion's calls without JavaScript: what they answer, and what they refuse.
#include <doctest.h>

#include "requests.hpp"

using namespace attn;
using namespace attn::wasm;

TEST_CASE(
    "schema: steps from a state are the steps of one run, examined with its own row and with another's") {
  LabSession session;
  const auto ask = [&](const char* count, const Tensor* state) {
    Request r = request(std::string(R"({"wiring": "fed", "batch": 8, "count": )") + count + "}");
    if (state) r.numbers = state->data;
    return session.schema_steps(r);
  };
  const Reply whole = ask("5", nullptr), first = ask("3", nullptr),
              second = ask("2", &tensor(first, "state"));
  CHECK(number(second, "step") == 5);
  CHECK(tensor(second, "state").data == tensor(whole, "state").data);
  CHECK(second.value.find("own")->find("divergence")->number() > 0);
  CHECK(second.value.find("foreign")->find("accuracy")->number() >= 0);
  for (const char* bad :
       {R"({"wiring": "soul", "count": 1})", R"({"wiring": "fed", "count": 9000})",
        R"({"wiring": "fed", "count": 1, "pull": -1})", R"({"wiring": "fed", "count": 1, "captured": 2})"})
    CHECK_THROWS_AS(session.schema_steps(request(bad)), Refusal);
}

TEST_CASE("gain field: four answers to every row of drive") {
  LabSession session;
  const auto ask = [&](const char* json, std::vector<Real> drive) {
    Request r = request(json);
    r.numbers = std::move(drive);
    return session.gain_field(r);
  };
  const Reply reply = ask(R"({"gain": [1, 2], "sigma": 1})", {1, 1, 0, 3});
  CHECK(tensor(reply, "response").shape == Shape{4, 2, 2});
  CHECK(tensor(reply, "response").data[0] == doctest::Approx(1.0 / 3));
  CHECK_THROWS_AS(ask(R"({"gain": [1, 2]})", {1, 1, 0}), Refusal);
  CHECK_THROWS_AS(ask(R"({"gain": []})", {}), Refusal);
  CHECK_THROWS_AS(ask(R"({"gain": [1, -2]})", {1, 1}), Refusal);
  CHECK_THROWS_AS(ask(R"({"gain": [1, "x"]})", {1, 1}), Refusal);
  CHECK_THROWS_AS(ask(R"({"gain": [1, 2]})", {1, -1}), Refusal);
}
