#include "attn/ops/activation.hpp"

#include "golden_op.hpp"

using namespace attn;
using namespace attn::test;

namespace {

Operation of(Activation f) {
  return [=](Tape& t, const std::vector<Var>& v) { return activation(t, f, v[0]); };
}

Var swiglu(Tape& t, const std::vector<Var>& v) {
  return multiply(t, activation(t, Activation::silu, v[0]), v[1]);
}

}  // namespace

TEST_CASE("activations: PyTorch on [-6, 6]") {
  check_golden("gelu", {"x"}, of(Activation::gelu), 16);
  check_golden("gelu_exact", {"x"}, of(Activation::gelu_exact), 16);
  check_golden("relu", {"x"}, of(Activation::relu), 1);
  check_golden("silu", {"x"}, of(Activation::silu), 16);
  check_golden("swiglu", {"a", "b"}, swiglu, 16);
}

TEST_CASE("activations: Jacobians") {
  Rng rng(9);
  for (Activation f : {Activation::gelu, Activation::gelu_exact, Activation::relu, Activation::silu})
    check_jacobian(of(f), {random_tensor({9}, rng, 2)});
  check_jacobian(swiglu, {random_tensor({5}, rng), random_tensor({5}, rng)});
}

TEST_CASE("activations: zero stays zero, large inputs pass or vanish, NaN shows") {
  const Real inf = std::numeric_limits<Real>::infinity(), nan = std::numeric_limits<Real>::quiet_NaN();
  for (Activation f : {Activation::gelu, Activation::gelu_exact, Activation::relu, Activation::silu}) {
    const Real x[] = {0, 50, -200, nan, inf};
    Real y[5];
    activation_forward(f, y, x, 5);
    CHECK(y[0] == 0);
    CHECK(y[1] == 50);
    CHECK(std::fabs(y[2]) < 1e-30);
    if (f != Activation::relu) CHECK(std::isnan(y[3]));
    CHECK(y[4] == inf);
  }
}

TEST_CASE("activations: the two GELUs differ, by at most 5e-4") {
  Real largest = 0;
  for (int i = -60; i <= 60; ++i) {
    const Real x = Real(i) / 10;
    Real a, b;
    activation_forward(Activation::gelu, &a, &x, 1);
    activation_forward(Activation::gelu_exact, &b, &x, 1);
    largest = std::max(largest, std::fabs(a - b));
  }
  CHECK(largest < Real(5e-4));
  CHECK(largest > Real(1e-4));
}

TEST_CASE("sigmoid: a half at zero, and its Jacobian") {
  Tape tape(Tape::Mode::inference);
  Tensor x({2}, {0, Real(std::log(3.0))});
  const ConstView y = tape.value(sigmoid(tape, tape.constant(x)));
  CHECK(y[0] == Real(0.5));
  CHECK(y[1] == doctest::Approx(0.75));
  Rng rng(21);
  check_jacobian([](Tape& t, const std::vector<Var>& v) { return tanh(t, v[0]); }, {random_tensor({7}, rng)});
  check_jacobian([](Tape& t, const std::vector<Var>& v) { return sigmoid(t, v[0]); },
                 {random_tensor({7}, rng, 2)});
}
