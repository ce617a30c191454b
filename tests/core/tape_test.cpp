#include "attn/ops/tape.hpp"

#include <doctest.h>

#include <algorithm>
#include <vector>

#include "attn/ops/elementwise.hpp"
#include "attn/ops/linear.hpp"

using namespace attn;

namespace {

// loss = Σ w ∘ (x + x·2), built from values used more than once.
Var build(Tape& tape, Tensor& x, Tensor& dx, const Tensor& w) {
  const Var v = tape.parameter(x, dx);
  return weighted_sum(tape, add(tape, v, scale(tape, v, 2)), w);
}

}  // namespace

TEST_CASE("tape: a value used twice collects both gradients") {
  Tape tape(Tape::Mode::training);
  Tensor x({3}, {1, 2, 3}), dx({3}), w({3}, {1, 10, 100});
  const Var loss = build(tape, x, dx, w);
  CHECK(tape.value(loss)[0] == Real(3 + 60 + 900));
  tape.backward(loss);
  CHECK(dx.data == std::vector<Real>{3, 30, 300});
}

TEST_CASE("tape: a gradient that has been read gives its memory to the next, unless it is watched") {
  Tensor x({3}, {1, 2, 3}), dx({3}), w({3}, {1, 10, 100});
  for (bool watched : {false, true}) {
    Tape tape(Tape::Mode::training);
    const Var a = scale(tape, tape.parameter(x, dx), 2), b = scale(tape, a, 3), c = scale(tape, b, 5);
    if (watched) tape.watch(c);
    tape.backward(weighted_sum(tape, c, w));
    if (watched) {
      const View dc = tape.grad(c);
      CHECK(std::vector<Real>(dc.begin(), dc.end()) == w.data);
    } else {
      CHECK_THROWS_WITH_AS(tape.grad(c), "a gradient that has been read and given away: watch its value",
                           ShapeError);
    }
    CHECK(dx.data == std::vector<Real>{30, 300, 3000});
    std::fill(dx.data.begin(), dx.data.end(), Real(0));
  }
}

TEST_CASE("tape: the way back of a deep chain needs the memory of two gradients") {
  Tensor x(Shape{1000, 1000}), dx(x.shape), w(x.shape);  // 4 MB each
  Tape tape(Tape::Mode::training);
  Var v = tape.parameter(x, dx);
  for (int i = 0; i < 8; ++i) v = scale(tape, v, 2);
  const Var loss = weighted_sum(tape, v, w);
  const std::size_t forward = tape.arena_bytes();
  tape.backward(loss);
  CHECK(tape.arena_bytes() <= forward + 2 * x.data.size() * sizeof(Real) + (std::size_t(2) << 20));
}

TEST_CASE("tape: parameter gradients add up over passes") {
  Tape tape(Tape::Mode::training);
  Tensor x({3}, {1, 2, 3}), dx({3}), w({3}, {1, 10, 100});
  for (int pass = 0; pass < 2; ++pass) {
    tape.reset();
    tape.backward(build(tape, x, dx, w));
  }
  CHECK(dx.data == std::vector<Real>{6, 60, 600});
}

TEST_CASE("tape: each pass runs once") {
  Tape tape(Tape::Mode::training);
  Tensor x({1}, {1}), dx({1}), w({1}, {1});
  const Var loss = build(tape, x, dx, w);
  tape.backward(loss);
  tape.backward(loss);
  CHECK(dx.data[0] == 3);
}

TEST_CASE("tape: no gradient for constants, in inference, past a detached value") {
  Tensor x({2}, {1, 2}), dx({2}), w({2}, {1, 1});
  {
    Tape tape(Tape::Mode::inference);
    const Var v = tape.parameter(x, dx);
    CHECK_FALSE(tape.needs_grad(scale(tape, v, 3)));
    CHECK_THROWS_AS(tape.backward(v), ShapeError);
  }
  Tape tape(Tape::Mode::training);
  CHECK_FALSE(tape.needs_grad(scale(tape, tape.constant(x), 3)));
  CHECK_FALSE(tape.needs_grad(scale(tape, tape.parameter(x, View{}), 3)));
  const Var v = tape.parameter(x, dx), cut = scale(tape, v, 5);
  tape.detach(cut);  // after its pass was recorded
  tape.backward(weighted_sum(tape, add(tape, cut, v), w));
  CHECK(dx.data == std::vector<Real>{1, 1});
}

TEST_CASE("tape: steady state allocates nothing, reset keeps the memory") {
  Tape tape(Tape::Mode::training);
  Tensor x(Shape{300, 500}), dx(x.shape), w(x.shape);
  std::size_t bytes = 0;
  for (int pass = 0; pass < 4; ++pass) {
    tape.reset();
    tape.backward(build(tape, x, dx, w));
    if (pass == 0) bytes = tape.arena_bytes();
    CHECK(tape.arena_bytes() == bytes);
  }
  CHECK(bytes >= 3 * x.data.size() * sizeof(Real));
}

TEST_CASE("tape: release gives a block's memory to the next") {
  Tape tape(Tape::Mode::inference);
  const Tensor x(Shape{1000, 100});
  const Var kept = scale(tape, tape.constant(x), 2);
  const Tape::Mark mark = tape.mark();
  const Var first = scale(tape, kept, 2);
  const Real* place = tape.value(first).data;
  std::size_t bytes = 0;
  for (int block = 0; block < 50; ++block) {
    tape.release(mark);
    const Var again = scale(tape, kept, 2);
    CHECK(tape.value(again).data == place);
    if (block == 0) bytes = tape.arena_bytes();
    CHECK(tape.arena_bytes() == bytes);
  }
  tape.release(mark);
  CHECK_THROWS_AS(tape.value(first), ShapeError);  // a released handle is caught
  CHECK(tape.value(kept).shape == x.shape);
}

TEST_CASE("tape: misuse throws and says what") {
  Tape tape(Tape::Mode::training);
  Tensor x({2}), wrong({3});
  CHECK_THROWS_WITH_AS(tape.parameter(x, wrong), "gradient of a parameter: expected [2], got [3]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(tape.backward(tape.constant(x)), "backward starts at one number, not at [2]",
                       ShapeError);
  CHECK_THROWS_AS(tape.mutable_value(tape.constant(x)), ShapeError);
  CHECK_THROWS_AS(tape.release(tape.mark()), ShapeError);
  CHECK_THROWS_AS(tape.value(Var{}), ShapeError);
}

TEST_CASE("tape: values are aligned for vector loads") {
  Tape tape(Tape::Mode::training);
  for (Index n : {1, 3, 17, 1000003}) {
    CHECK(reinterpret_cast<std::size_t>(tape.value(tape.result({n}, true)).data) % 64 == 0);
    CHECK(reinterpret_cast<std::size_t>(tape.scratch({n}).data) % 64 == 0);
  }
}
