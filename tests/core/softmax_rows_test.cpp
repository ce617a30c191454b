#include "attn/ops/softmax_rows.hpp"

#include "golden_op.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("softmax of rows: sums to one, and its Jacobian") {
  Rng rng(3);
  const Operation op = [](Tape& t, const std::vector<Var>& v) { return softmax_rows(t, v[0]); };
  check_jacobian(op, {random_tensor({2, 5}, rng, 2)});
  const Tensor z = random_tensor({3, 4}, rng, 5);
  Tape tape(Tape::Mode::inference);
  const ConstView p = tape.value(softmax_rows(tape, tape.constant(z.view())));
  for (Index r = 0; r < 3; ++r) {
    Real sum = 0;
    for (Index i = 0; i < 4; ++i) sum += p[4 * r + i];
    CHECK(std::fabs(sum - 1) < 1e-6);
  }
}
