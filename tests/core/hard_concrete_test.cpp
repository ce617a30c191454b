#include "attn/adapt/hard_concrete.hpp"

#include <cmath>

#include "gradient_check.hpp"

using namespace attn;
using namespace attn::test;

namespace {
double d(Real x) { return static_cast<double>(x); }
}  // namespace

// Dossier of chapter 12, question 1: at log α = 0 a gate is 0 with probability 0.312, 1 with 0.312.
TEST_CASE("hard concrete: how often a gate is exactly 0, exactly 1 and between") {
  const HardConcrete gate;
  CHECK(1 - d(open_probability(gate, 0)) == doctest::Approx(0.312).epsilon(0.002));
  Rng rng(1);
  const int n = 20000;
  int zeros = 0, ones = 0;
  for (int i = 0; i < n; ++i) {
    const Real g = hard_concrete(
        gate, 0, static_cast<Real>((static_cast<double>(rng.below(1 << 20)) + 0.5) / (1 << 20)));
    zeros += g == 0;
    ones += g == 1;
  }
  CHECK(static_cast<double>(zeros) / n == doctest::Approx(0.312).epsilon(0.04));  // ± 3 deviations: 0.0098
  CHECK(static_cast<double>(ones) / n == doctest::Approx(0.312).epsilon(0.04));
}

TEST_CASE("hard concrete: without noise, and the two ends") {
  const HardConcrete gate;
  CHECK(d(expected_gate(gate, 0)) == doctest::Approx(0.5));
  CHECK(expected_gate(gate, 5) == 1);
  CHECK(expected_gate(gate, -5) == 0);
  CHECK(d(expected_gate(gate, 1)) == doctest::Approx(1.2 / (1 + std::exp(-1.0)) - 0.1));
  CHECK(d(hard_concrete(gate, 0, Real(0.5))) == doctest::Approx(0.5));
  // The gate opens at s = 1/12, that is log u/(1-u) = -log α - β log 11.
  const double edge = 1 / (1 + std::exp(0.33 * std::log(11.0)));
  CHECK(hard_concrete(gate, 0, static_cast<Real>(edge - 1e-3)) == 0);
  CHECK(hard_concrete(gate, 0, static_cast<Real>(edge + 1e-3)) > 0);
  CHECK(1 - d(open_probability(gate, 0)) == doctest::Approx(edge).epsilon(1e-5));
}

TEST_CASE("hard concrete: gradients of gates and penalty; none through a closed or full gate") {
  const HardConcrete gate;
  const Tensor noise(Shape{5}, {Real(0.5), Real(0.4), Real(0.6), Real(0.01), Real(0.99)});
  const Tensor log_alpha(Shape{5}, {Real(0.1), Real(0.3), Real(-0.2), -1, 1});
  check_jacobian([&](Tape& t, const std::vector<Var>& x) { return hard_concrete(t, gate, x[0], noise); },
                 {log_alpha});
  check_jacobian([&](Tape& t, const std::vector<Var>& x) { return open_gates(t, gate, x[0]); }, {log_alpha});
  Tape tape(Tape::Mode::training);
  Tensor gradient(Shape{5});
  const Var g = hard_concrete(tape, gate, tape.parameter(log_alpha, gradient), noise);
  CHECK((tape.value(g)[3] == 0 && tape.value(g)[4] == 1));
  const Tensor ones(Shape{5}, {1, 1, 1, 1, 1});
  tape.backward(weighted_sum(tape, g, ones));
  CHECK((gradient.data[3] == 0 && gradient.data[4] == 0 && gradient.data[0] > 0));
}
