#include "attn/ops/elementwise.hpp"

#include "gradient_check.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("elementwise: Jacobians") {
  Rng rng(5);
  const Tensor a = random_tensor({2, 3}, rng), b = random_tensor({2, 3}, rng);
  check_jacobian([](Tape& t, const std::vector<Var>& v) { return add(t, v[0], v[1]); }, {a, b});
  check_jacobian([](Tape& t, const std::vector<Var>& v) { return add(t, v[0], v[0]); }, {a});
  check_jacobian([](Tape& t, const std::vector<Var>& v) { return scale(t, v[0], Real(-2.5)); }, {a});
  check_jacobian([](Tape& t, const std::vector<Var>& v) { return copy(t, v[0]); }, {a});
  check_jacobian([&](Tape& t, const std::vector<Var>& v) { return weighted_sum(t, v[0], b); }, {a});
}

TEST_CASE("elementwise: values") {
  Tape tape(Tape::Mode::inference);
  Tensor a({3}, {1, 2, 3}), b({3}, {10, 20, 30});
  const Var x = tape.constant(a), y = tape.constant(b);
  const ConstView sum = tape.value(add(tape, x, y)), half = tape.value(scale(tape, x, Real(0.5)));
  CHECK(std::vector<Real>(sum.begin(), sum.end()) == std::vector<Real>{11, 22, 33});
  CHECK(std::vector<Real>(half.begin(), half.end()) == std::vector<Real>{Real(0.5), 1, Real(1.5)});
  CHECK(tape.value(weighted_sum(tape, x, b))[0] == 140);
  CHECK(tape.value(weighted_sum(tape, x, b)).shape == Shape{});
}

TEST_CASE("elementwise: a copy has memory of its own") {
  Tape tape(Tape::Mode::inference);
  Tensor a({2}, {1, 2});
  const Var x = scale(tape, tape.constant(a), 1), y = copy(tape, x);
  tape.mutable_value(y)[0] = 9;
  CHECK(tape.value(x)[0] == 1);
}

TEST_CASE("elementwise: shapes must agree") {
  Tape tape(Tape::Mode::inference);
  Tensor a(Shape{2, 3}), b(Shape{3, 2});
  CHECK_THROWS_WITH_AS(add(tape, tape.constant(a), tape.constant(b)), "add: expected [2, 3], got [3, 2]",
                       ShapeError);
  CHECK_THROWS_AS(weighted_sum(tape, tape.constant(a), Tensor(Shape{5})), ShapeError);
}
