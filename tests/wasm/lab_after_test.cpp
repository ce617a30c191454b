// Chapter 20's calls without JavaScript: what they answer, and what they refuse.
#include <doctest.h>

#include "requests.hpp"

using namespace attn;
using namespace attn::wasm;

TEST_CASE("parity: steps from a state are the steps of one run, and lengths are asked for together") {
  LabSession session;
  const auto ask = [&](const char* count, const Tensor* state) {
    Request r = request(std::string(R"({"mixer": "signed", "batch": 8, "lengths": [4, 32], "count": )") +
                        count + "}");
    if (state) r.numbers = state->data;
    return session.parity_steps(r);
  };
  const Reply whole = ask("5", nullptr), first = ask("3", nullptr),
              second = ask("2", &tensor(first, "state"));
  CHECK(number(second, "step") == 5);
  CHECK(tensor(second, "state").data == tensor(whole, "state").data);
  CHECK(tensor(second, "accuracy").shape == Shape{2});
  CHECK(tensor(second, "gates").shape == Shape{2, 8});
  for (const char* bad : {R"({"mixer": "none", "count": 1, "lengths": []})",
                          R"({"mixer": "exact", "count": 1, "lengths": [5000]})",
                          R"({"mixer": "exact", "count": 9000, "lengths": []})"})
    CHECK_THROWS_AS(session.parity_steps(request(bad)), Refusal);
}

TEST_CASE("a memory that learns while it reads: five errors per token") {
  LabSession session;
  const Reply reply = session.online_errors(request(R"({"tokens": 20, "trials": 2})"));
  CHECK(tensor(reply, "errors").shape == Shape{5, 20});
  for (const char* bad : {R"({"tokens": 0})", R"({"beta": 3})", R"({"noise": -1})"})
    CHECK_THROWS_AS(session.online_errors(request(bad)), Refusal);
}
