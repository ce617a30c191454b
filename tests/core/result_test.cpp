#include "attn/attention/result.hpp"

#include "attn/ops/linear.hpp"
#include "golden_op.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("result: the sum of the heads' writes is the one product with W_O") {
  Rng rng(13);
  Tensor z = random_tensor({2, 3, 4, 5}, rng), w = random_tensor({4, 5, 6}, rng), b = random_tensor({6}, rng);
  Tape tape(Tape::Mode::inference);
  const Var vz = tape.constant(z), vw = tape.constant(w), vb = tape.constant(b);
  const Var parts = head_results(tape, vz, vw);
  CHECK(tape.value(parts).shape == Shape{2, 3, 4, 6});
  check_close("sum", tape.value(sum_heads(tape, parts, vb)),
              tape.value(linear(tape, vz, vw, vb, 6, {2, 3, 6})), 32);
}

TEST_CASE("result: Jacobian") {
  Rng rng(14);
  check_jacobian(
      [](Tape& t, const std::vector<Var>& v) { return sum_heads(t, head_results(t, v[0], v[1]), v[2]); },
      {random_tensor({1, 2, 2, 3}, rng), random_tensor({2, 3, 2}, rng), random_tensor({2}, rng)});
  check_jacobian([](Tape& t, const std::vector<Var>& v) { return head_results(t, v[0], v[1]); },
                 {random_tensor({1, 2, 2, 2}, rng), random_tensor({2, 2, 3}, rng)});
}

TEST_CASE("result: a W_O of other heads throws") {
  Tape tape(Tape::Mode::inference);
  Tensor z(Shape{1, 2, 2, 3}), w(Shape{3, 3, 4});
  CHECK_THROWS_WITH_AS(head_results(tape, tape.constant(z), tape.constant(w)),
                       "W_O: expected [2, 3, 4], got [3, 3, 4]", ShapeError);
}
