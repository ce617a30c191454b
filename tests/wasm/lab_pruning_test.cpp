// Chapter 12's calls without JavaScript: what they answer, and what they refuse.
#include <doctest.h>

#include <cmath>

#include "requests.hpp"

using namespace attn;
using namespace attn::wasm;

namespace {

const std::string exam =
    R"("model": 1, "task": {"kind": "repeat", "vocab": 8, "length": 16, "segment_min": 3, "segment_max": 8}, "batch": 8, "seed": 3)";

void make(LabSession& session) {
  session.create_model(request(
      R"({"id": 1, "seed": 1, "config": {"vocab": 8, "context": 16, "layers": 2, "width": 16, "heads": 4, "head_width": 4}})"));
}

double approx(Real x) { return static_cast<double>(x); }

}  // namespace

TEST_CASE("pruning: importance, curve and weights tell one story") {
  LabSession session;
  make(session);
  const Reply whole = session.head_importance(request("{" + exam + R"(, "mean": true, "writes": true})"));
  for (const char* name : {"example", "token", "batch", "zero", "mean", "asked", "other", "largest"})
    CHECK(tensor(whole, name).shape == Shape{2, 4});
  // One head out: by the sweep, by the curve, by the weights.
  const Reply curve = session.removal_curve(request("{" + exam + R"(, "order": [{"layer": 1, "head": 2}]})"));
  const Tensor& loss = tensor(curve, "loss");
  CHECK(loss.shape == Shape{2});
  CHECK(approx(loss.data[0]) == doctest::Approx(number(whole, "loss")));
  CHECK(approx(loss.data[1]) ==
        doctest::Approx(number(whole, "loss") + approx(tensor(whole, "zero").data[6])).epsilon(1e-5));
  const Reply without = session.head_importance(
      request("{" + exam + R"(, "gone": [{"layer": 1, "head": 2}], "gradient": false})"));
  CHECK(number(without, "loss") == doctest::Approx(approx(loss.data[1])).epsilon(1e-5));
  CHECK(approx(tensor(without, "zero").data[6]) == doctest::Approx(0).epsilon(1e-6));  // gone already
}

TEST_CASE("pruning: a random order is a permutation drawn from its seed") {
  LabSession session;
  make(session);
  const auto order = [&](int draw) {
    const Reply reply =
        session.removal_curve(request("{" + exam + ", \"draw\": " + std::to_string(draw) + "}"));
    CHECK(tensor(reply, "loss").shape == Shape{9});
    return reply.value.find("order")->dump();
  };
  CHECK(order(1) == order(1));
  CHECK(order(1) != order(2));
}

TEST_CASE("pruning: a sliced model computes what the masked one does, with fewer weights") {
  LabSession session;
  make(session);
  const std::string remove =
      R"("model": 1, "remove": [{"layer": 0, "head": 0}, {"layer": 0, "head": 3}, {"layer": 1, "head": 1}, {"layer": 1, "head": 2}])";
  const Reply masked = session.prune_heads(request("{" + remove + "}"));
  const Reply sliced = session.prune_heads(request("{" + remove + R"(, "slice": true})"));
  CHECK(tensor(sliced, "weights").size() < tensor(masked, "weights").size());
  int id = 2;
  std::vector<double> losses;
  for (const Reply* pruned : {&masked, &sliced}) {
    Request r = request("{\"id\": " + std::to_string(id) +
                        ", \"config\": " + pruned->value.find("config")->dump() + "}");
    r.numbers = tensor(*pruned, "weights").data;
    session.create_model(r);
    const std::string other = "{\"model\": " + std::to_string(id) + exam.substr(exam.find(','));
    losses.push_back(number(session.head_importance(request(other + R"(, "gradient": false})")), "loss"));
    ++id;
  }
  CHECK(losses[0] == doctest::Approx(losses[1]).epsilon(1e-5));
  CHECK_THROWS_AS(
      session.prune_heads(request(R"({"model": 1, "remove": [{"layer": 0, "head": 0}], "slice": true})")),
      ShapeError);  // ragged: bindings turn it into an Error
}

TEST_CASE("pruning: masks at no and at full sparsity, whoever chooses") {
  LabSession session;
  make(session);
  const double whole =
      number(session.head_importance(request("{" + exam + R"(, "gradient": false, "zero": false})")), "loss");
  for (const std::string how : {"wanda", "magnitude", "random"}) {
    const auto at = [&](const char* fraction) {
      return number(session.mask_weights(request("{" + exam + ", \"how\": \"" + how +
                                                 "\", \"calibration\": 9, \"fraction\": " + fraction + "}")),
                    "loss");
    };
    CHECK(at("0") == doctest::Approx(whole));
    CHECK(at("0.5") != doctest::Approx(whole));
    const Reply empty = session.removal_curve(request("{" + exam + R"(, "draw": 1})"));
    CHECK(at("1") ==
          doctest::Approx(approx(tensor(empty, "loss").data[8])).epsilon(1e-5));  // no attention at all
  }
}

TEST_CASE("pruning: gates go on from the state they gave") {
  LabSession session;
  make(session);
  const auto steps = [&](int count, const std::vector<Real>& state) {
    Request r =
        request("{" + exam + R"(, "penalty": 0.5, "weights": true, "count": )" + std::to_string(count) + "}");
    r.numbers = state;
    return session.gate_steps(r);
  };
  const Reply first = steps(6, {}), second = steps(4, tensor(first, "state").data), whole = steps(10, {});
  CHECK(number(second, "step") == 10);
  CHECK(tensor(second, "state").data == tensor(whole, "state").data);
  CHECK(tensor(first, "gates").shape == Shape{2, 4});
  CHECK(std::isfinite(number(first, "loss")));
  std::vector<Real> wrong = tensor(first, "state").data;
  wrong.pop_back();
  Request r = request("{" + exam + R"(, "count": 1})");
  r.numbers = wrong;
  CHECK(refusal(session, &LabSession::gate_steps, r) == ErrorCode::mismatch);
}

TEST_CASE("pruning: what cannot be asked is refused") {
  LabSession session;
  make(session);
  const auto with = [](const std::string& rest) { return request("{" + exam + rest + "}"); };
  CHECK(refusal(session, &LabSession::head_importance, request(R"({"model": 7})")) ==
        ErrorCode::out_of_range);
  CHECK(refusal(session, &LabSession::head_importance, with(R"(, "gone": [{"layer": 2, "head": 0}])")) ==
        ErrorCode::out_of_range);
  CHECK(refusal(session, &LabSession::mask_weights, with(R"(, "how": "taste", "fraction": 0.5)")) ==
        ErrorCode::malformed);
  CHECK(refusal(session, &LabSession::mask_weights, with(R"(, "how": "wanda", "fraction": 1.5)")) ==
        ErrorCode::out_of_range);
  CHECK(refusal(session, &LabSession::gate_steps, with(R"(, "count": 1, "penalty": -1)")) ==
        ErrorCode::out_of_range);
  CHECK(
      refusal(
          session, &LabSession::removal_curve,
          request(
              R"({"model": 1, "batch": 4, "task": {"kind": "repeat", "vocab": 9, "length": 16, "segment_min": 3, "segment_max": 8}})")) ==
      ErrorCode::mismatch);
}
