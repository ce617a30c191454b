#include "requests.hpp"

using namespace attn;
using namespace attn::wasm;

namespace {

const char* const model =
    R"({"id": 1, "config": {"vocab": 8, "context": 16, "layers": 2, "width": 16, "heads": 4}, "seed": 1})";
const std::string task =
    R"("model": 1, "task": {"kind": "repeat", "vocab": 8, "length": 16, "segment_min": 3, "segment_max": 8}, "batch": 8)";

Request ask(const std::string& more) { return request("{" + task + ", " + more + "}"); }

}  // namespace

TEST_CASE("adapters: steps from a state are the steps of one run, and the change is told by heads") {
  LabSession session;
  session.create_model(request(model));
  const std::string how = R"("goal": "shift", "matrices": "qv", "rank": 2, "count": )";
  const Reply whole = session.adapt_steps(ask(how + R"(6, "weights": true)")),
              first = session.adapt_steps(ask(how + "4"));
  Request more = ask(how + "2");
  more.numbers = tensor(first, "state").data;
  const Reply second = session.adapt_steps(more);
  CHECK(number(second, "step") == 6);
  CHECK(number(second, "parameters") == 2 * 2 * 2 * 32);
  CHECK(tensor(second, "state").data == tensor(whole, "state").data);
  CHECK(number(second, "loss") == number(whole, "loss"));
  Request change = ask(R"("goal": "shift")");
  change.numbers = tensor(whole, "weights").data;
  const Reply changed = session.head_change(change);
  CHECK(tensor(changed, "weights").shape == Shape{2, 4, 4});
  CHECK(tensor(changed, "weights").data[0] > 0);
  CHECK(tensor(changed, "weights").data[1] == 0);  // W_K was left alone
  CHECK(tensor(changed, "divergence").shape == Shape{2, 4});
  change.numbers.pop_back();
  CHECK(refusal(session, &LabSession::head_change, change) == ErrorCode::mismatch);
  CHECK(refusal(session, &LabSession::adapt_steps,
                ask(R"("goal": "shift", "matrices": "x", "rank": 2, "count": 1)")) == ErrorCode::malformed);
  CHECK(refusal(session, &LabSession::adapt_steps,
                ask(R"("goal": "shift", "matrices": "q", "rank": 17, "count": 1)")) ==
        ErrorCode::out_of_range);
  CHECK(refusal(session, &LabSession::adapt_steps,
                ask(R"("goal": "shift", "matrices": "", "rank": 2, "count": 1)")) == ErrorCode::out_of_range);
}

TEST_CASE("adapters: the first step leaves A alone; from A = 0 even B") {
  LabSession session;
  session.create_model(request(model));
  const Reply step = session.first_step(ask(R"("goal": "shift", "matrices": "q", "rank": 2)"));
  CHECK(number(step, "movedA") == 0);
  CHECK(number(step, "movedB") > 0);
  CHECK(number(step, "formula") < 1e-3);
  const Reply dead = session.first_step(ask(R"("goal": "shift", "matrices": "q", "rank": 2, "dead": true)"));
  CHECK(number(dead, "movedB") == 0);
  CHECK_THROWS_AS(session.first_step(ask(R"("goal": "shift", "matrices": "q", "rank": 0)")), Refusal);
}

TEST_CASE("four bits: drawn numbers, a model's matrices, and the model with them") {
  LabSession session;
  session.create_model(request(model));
  const Reply drawn = session.four_bits(request(R"({"source": "normal", "block": 64, "double": true})"));
  CHECK(number(drawn, "bits") < 4.2);
  CHECK(tensor(drawn, "error").data[0] < tensor(drawn, "error").data[1]);
  const Reply real = session.four_bits(ask(R"("source": "model", "block": 16)"));
  CHECK(number(real, "weights") == 2 * 4 * 256);
  CHECK(tensor(real, "loss").shape == Shape{4});
  CHECK(tensor(real, "loss").data[1] != tensor(real, "loss").data[0]);
  double share = 0;
  for (int i = 0; i < 16; ++i)
    share += static_cast<double>(tensor(real, "used").data[static_cast<std::size_t>(i)]);
  CHECK(share == doctest::Approx(1));
  CHECK_THROWS_AS(session.four_bits(request(R"({"source": "normal", "block": 1})")), Refusal);
  CHECK_THROWS_AS(session.four_bits(request(R"({"source": "cauchy", "block": 64})")), Refusal);
}
