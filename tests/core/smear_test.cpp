#include "attn/attention/smear.hpp"

#include "gradient_check.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("smear: each key is mixed with the one before; the first stays") {
  Tape tape(Tape::Mode::inference);
  Tensor k({1, 3, 2, 1}, {1, 10, 2, 20, 4, 40}), alpha({2}, {0, Real(std::log(3.0))});  // σ = 1/2, 3/4
  const ConstView y = tape.value(smear_keys(tape, tape.constant(k), tape.constant(alpha), {}));
  const double want[] = {1, 10, 1.5, 17.5, 3, 35};
  for (Index i = 0; i < 6; ++i) CHECK(y[i] == doctest::Approx(want[i]));
}

TEST_CASE("smear: a cached key stands before the first one") {
  Tape tape(Tape::Mode::inference);
  Tensor k({1, 1, 2, 1}, {2, 20}), alpha({2}, {0, 0}), last({1, 2, 1}, {4, 40});
  const ConstView y = tape.value(smear_keys(tape, tape.constant(k), tape.constant(alpha), last));
  CHECK(y[0] == doctest::Approx(3));
  CHECK(y[1] == doctest::Approx(30));
}

TEST_CASE("smear: Jacobian") {
  Rng rng(12);
  check_jacobian([](Tape& t, const std::vector<Var>& v) { return smear_keys(t, v[0], v[1], {}); },
                 {random_tensor({2, 3, 2, 2}, rng), random_tensor({2}, rng)});
}
