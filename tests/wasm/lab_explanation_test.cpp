// Chapter 19's calls without JavaScript: what they answer, and what they refuse.
#include <doctest.h>

#include <cmath>

#include "requests.hpp"

using namespace attn;
using namespace attn::wasm;

TEST_CASE("row freedom: given rows, drawn rows, fewer directions give more room") {
  LabSession session;
  Request twins = request(R"({"width": 1})");
  twins.numbers = {Real(0.2), Real(0.3), Real(0.5), 1, 1, 5};
  const Reply two = session.row_freedom(twins);
  CHECK(number(two, "distance") == doctest::Approx(0.3).epsilon(1e-5));
  CHECK(tensor(two, "high").data[2] == doctest::Approx(0.5));
  Request blind = request(R"({"width": 1, "directions": 0})");
  blind.numbers = twins.numbers;
  CHECK(number(session.row_freedom(blind), "distance") == doctest::Approx(0.8).epsilon(1e-5));
  const Reply none = session.row_freedom(request(R"({"keys": 9, "width": 8, "spread": 1, "seed": 2})"));
  CHECK(number(none, "distance") == 0);
  CHECK(number(none, "rank") == 9);
  const Reply some = session.row_freedom(request(R"({"keys": 32, "width": 8, "spread": 1, "seed": 2})"));
  CHECK(number(some, "distance") > 0.3);
  CHECK(number(some, "gap") < 1e-9);
  CHECK(number(some, "bound") >= number(some, "distance"));
  CHECK(tensor(some, "farthest").shape == Shape{32});
}

TEST_CASE("row freedom: what is refused") {
  LabSession session;
  const auto asked = [&](const char* json, std::vector<Real> numbers) {
    Request r = request(json);
    r.numbers = std::move(numbers);
    return refusal(session, &LabSession::row_freedom, r);
  };
  asked(R"({"width": 2})", {1, 2});
  asked(R"({"width": 1})", {});
  asked(R"({"width": 1})", {Real(-0.5), Real(1.5), 1, 1});
  asked(R"({"width": 1})", {0, 0, 1, 1});
  asked(R"({"width": 1})", {1, std::numeric_limits<Real>::quiet_NaN()});
  asked(R"({"width": 1, "directions": 2})", {1, 1});
  asked(R"({"keys": 1000, "width": 8, "spread": 1})", {});
  asked(R"({"keys": 10, "width": 8, "spread": -1})", {});
}

TEST_CASE("pooling: steps from a state are the steps of one run, and accounts are of that state") {
  LabSession session;
  const auto ask = [&](const char* count, const Tensor* state) {
    Request r = request(std::string(R"({"encoder": "recurrent", "penalty": 0.3, "count": )") + count + "}");
    if (state) r.numbers = state->data;
    return session.pooling_steps(r);
  };
  const Reply whole = ask("6", nullptr), first = ask("4", nullptr),
              second = ask("2", &tensor(first, "state"));
  CHECK(number(second, "step") == 6);
  CHECK(tensor(second, "state").data == tensor(whole, "state").data);
  CHECK(number(second, "mass") == number(whole, "mass"));
  Request r = request(R"({"encoder": "recurrent", "sentences": 5, "shuffles": 9})");
  r.numbers = tensor(whole, "state").data;
  const Reply accounts = session.pooling_accounts(r);
  CHECK(tensor(accounts, "weight").shape == Shape{5, 12});
  CHECK(tensor(accounts, "agreement").shape == Shape{4, 5});
  for (const Real tau : tensor(accounts, "agreement").data) CHECK(std::fabs(tau) <= 1);
  for (const Real moved : tensor(accounts, "shuffled").data) CHECK(moved >= 0);
  CHECK(tensor(session.pooling_accounts(r), "shuffled").data == tensor(accounts, "shuffled").data);
}

TEST_CASE("pooling: what is refused") {
  LabSession session;
  for (const char* bad : {R"({"encoder": "none", "count": 1})", R"({"encoder": "single", "count": 1000})",
                          R"({"encoder": "single", "count": 1, "penalty": -1})"})
    refusal(session, &LabSession::pooling_steps, request(bad));
  Request torn = request(R"({"encoder": "single", "count": 1})");
  torn.numbers = {1, 2, 3};
  refusal(session, &LabSession::pooling_steps, torn);
}
