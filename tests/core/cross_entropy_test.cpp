#include "attn/ops/cross_entropy.hpp"

#include "golden_op.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("cross-entropy: Jacobian, weighted and unweighted") {
  Rng rng(10);
  static const TokenId targets[] = {2, 0, 4};
  static const Real weights[] = {1, 0, Real(0.25)};
  const Tensor logits = random_tensor({3, 5}, rng, 2);
  for (const Real* w : {weights, static_cast<const Real*>(nullptr)})
    check_jacobian(
        [=](Tape& t, const std::vector<Var>& v) { return cross_entropy(t, v[0], targets, w).loss; },
        {logits});
}

TEST_CASE("cross-entropy: uniform logits cost log V, gradient is p - onehot") {
  Tape tape(Tape::Mode::training);
  Tensor logits(Shape{1, 8}), grad(Shape{1, 8});
  const TokenId target = 3;
  const CrossEntropy ce = cross_entropy(tape, tape.parameter(logits, grad), &target, nullptr);
  CHECK(tape.value(ce.loss)[0] == doctest::Approx(std::log(8.0)));
  tape.backward(ce.loss);
  for (Index v = 0; v < 8; ++v) CHECK(grad.view()[v] == doctest::Approx(v == 3 ? 1.0 / 8 - 1 : 1.0 / 8));
}

TEST_CASE("cross-entropy: extreme logits stay finite") {
  Tape tape(Tape::Mode::training);
  Tensor logits({2, 3}, {10000, -10000, 0, -10000, 10000, 0}), grad(Shape{2, 3});
  const TokenId targets[] = {0, 0};
  const CrossEntropy ce = cross_entropy(tape, tape.parameter(logits, grad), targets, nullptr);
  CHECK(tape.value(ce.loss)[0] == doctest::Approx(10000));  // (0 + 20000) / 2
  CHECK(ce.accuracy == doctest::Approx(0.5));
  tape.backward(ce.loss);
  for (Real g : grad.data) CHECK(std::isfinite(g));
}

TEST_CASE("cross-entropy: only counted positions matter, whatever their targets") {
  Tape tape(Tape::Mode::training);
  Tensor logits({3, 2}, {1, 0, 5, 5, 0, 1}), grad(Shape{3, 2});
  const TokenId targets[] = {0, -1, 0};
  const Real weights[] = {1, 0, 3};
  const CrossEntropy ce = cross_entropy(tape, tape.parameter(logits, grad), targets, weights);
  const double right = std::log1p(std::exp(-1.0)), wrong = std::log1p(std::exp(1.0));
  CHECK(tape.value(ce.loss)[0] == doctest::Approx((right + 3 * wrong) / 4));
  CHECK(ce.accuracy == doctest::Approx(0.25));
  CHECK(ce.weight == 4);
  tape.backward(ce.loss);
  CHECK(grad.data[2] == 0);
  CHECK(grad.data[3] == 0);
}

TEST_CASE("cross-entropy: nothing counted is a loss of 0; a bad target throws") {
  Tape tape(Tape::Mode::training);
  Tensor logits(Shape{1, 2}), grad(Shape{1, 2});
  const TokenId target = 2;
  const Real none = 0;
  const Var x = tape.parameter(logits, grad);
  const CrossEntropy ce = cross_entropy(tape, x, &target, &none);
  CHECK(tape.value(ce.loss)[0] == 0);
  tape.backward(ce.loss);
  CHECK(grad.data == std::vector<Real>{0, 0});
  CHECK_THROWS_WITH_AS(cross_entropy(tape, x, &target, nullptr), "target 2 is outside the vocabulary of 2",
                       ShapeError);
}

TEST_CASE("cross-entropy: a tie is a win only for the first of the tied, NaN for nobody") {
  Tape tape(Tape::Mode::inference);
  const TokenId targets[] = {0, 1};
  Tensor tie({2, 2}, {1, 1, 1, 1});
  CHECK(cross_entropy(tape, tape.constant(tie), targets, nullptr).accuracy == doctest::Approx(0.5));
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  Tensor bad({1, 2}, {nan, nan});
  const CrossEntropy ce = cross_entropy(tape, tape.constant(bad), targets, nullptr);
  CHECK(ce.accuracy == 0);
  CHECK(std::isnan(tape.value(ce.loss)[0]));
}
