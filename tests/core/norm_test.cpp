#include "attn/ops/norm.hpp"

#include "golden_op.hpp"

using namespace attn;
using namespace attn::test;

namespace {

constexpr Real kEpsilon = Real(1e-5);

Operation layer(Real epsilon = kEpsilon) {
  return [=](Tape& t, const std::vector<Var>& v) {
    return layer_norm(t, v[0], v.size() > 1 ? v[1] : Var{}, v.size() > 2 ? v[2] : Var{}, epsilon);
  };
}
Operation rms(Real epsilon = kEpsilon) {
  return [=](Tape& t, const std::vector<Var>& v) {
    return rms_norm(t, v[0], v.size() > 1 ? v[1] : Var{}, epsilon);
  };
}

std::vector<Real> normed(const Operation& op, const Tensor& x) {
  Tape tape(Tape::Mode::inference);
  const ConstView y = tape.value(op(tape, std::vector<Var>{tape.constant(x)}));
  return {y.begin(), y.end()};
}

}  // namespace

TEST_CASE("norms: PyTorch") {
  check_golden("layer_norm", {"x", "gain", "bias"}, layer());
  check_golden("rms_norm", {"x", "gain"}, rms());
}

TEST_CASE("norms: Jacobians, with and without gain; a large epsilon shows where it stands") {
  Rng rng(6);
  const Tensor x = random_tensor({2, 7}, rng), gain = random_tensor({7}, rng), bias = random_tensor({7}, rng);
  for (Real epsilon : {kEpsilon, Real(0.5)}) {
    check_jacobian(layer(epsilon), {x, gain, bias});
    check_jacobian(layer(epsilon), {x, gain});
    check_jacobian(layer(epsilon), {x});
    check_jacobian(rms(epsilon), {x, gain});
    check_jacobian(rms(epsilon), {x});
  }
}

TEST_CASE("layer norm: mean 0 and variance 1; blind to shift and scale") {
  Rng rng(7);
  for (Index n : {2, 3, 4, 5, 8, 17, 64}) {
    Tensor x = random_tensor({1, n}, rng, 3);
    const std::vector<Real> y = normed(layer(0), x);
    double mean = 0, square = 0;
    for (Real v : y) mean += static_cast<double>(v) / static_cast<double>(n);
    for (Real v : y) square += static_cast<double>(v) * static_cast<double>(v) / static_cast<double>(n);
    CHECK(std::fabs(mean) < 1e-6);
    CHECK(square == doctest::Approx(1).epsilon(1e-5));
    for (Real& v : x.data) v = 4 * v + 8;
    check_close("shifted and scaled", Tensor({1, n}, normed(layer(0), x)), Tensor({1, n}, y), 64);
  }
}

TEST_CASE("rms norm: mean square 1; blind to scale, not to shift") {
  Rng rng(8);
  Tensor x = random_tensor({1, 19}, rng, 3);
  const std::vector<Real> y = normed(rms(0), x);
  double square = 0;
  for (Real v : y) square += static_cast<double>(v) * static_cast<double>(v) / 19;
  CHECK(square == doctest::Approx(1).epsilon(1e-5));
  Tensor scaled = x;
  for (Real& v : scaled.data) v *= 8;  // a power of two: the very same bits
  CHECK(normed(rms(0), scaled) == y);
  for (Real& v : x.data) v += 1;
  CHECK(normed(rms(0), x) != y);
}

TEST_CASE("norms: a constant row is finite") {
  const Tensor zeros(Shape{1, 5});
  for (Real v : normed(layer(), zeros)) CHECK(v == 0);
  for (Real v : normed(rms(), zeros)) CHECK(v == 0);
}

TEST_CASE("norms: a gain or a bias of another width is refused") {
  Tape tape(Tape::Mode::inference);
  const Tensor x(Shape{2, 5}), right(Shape{5}), narrow(Shape{4}), matrix(Shape{1, 5});
  const Var in = tape.constant(x), ok = tape.constant(right);
  for (const Tensor* wrong : {&narrow, &matrix}) {
    const Var bad = tape.constant(*wrong);
    CHECK_THROWS_AS(rms_norm(tape, in, bad, Real(1e-5)), ShapeError);
    CHECK_THROWS_AS(layer_norm(tape, in, bad, Var{}, Real(1e-5)), ShapeError);
    CHECK_THROWS_AS(layer_norm(tape, in, ok, bad, Real(1e-5)), ShapeError);
  }
  CHECK_NOTHROW(layer_norm(tape, in, ok, ok, Real(1e-5)));
}
