#include "attn/ops/linear.hpp"

#include "golden_op.hpp"

using namespace attn;
using namespace attn::test;

namespace {

Operation with(Index rows, const Shape& out, LinearOptions options = {}) {
  return [=](Tape& t, const std::vector<Var>& v) {
    return linear(t, v[0], v[1], v.size() > 2 ? v[2] : Var{}, rows, out, options);
  };
}

}  // namespace

TEST_CASE("linear: PyTorch") { check_golden("linear", {"x", "w", "b"}, with(10, {2, 5, 6})); }

TEST_CASE("linear: Jacobian") {
  Rng rng(1);
  check_jacobian(with(3, {3, 5}),
                 {random_tensor({3, 4}, rng), random_tensor({4, 5}, rng), random_tensor({5}, rng)});
  LinearOptions tied;
  tied.transposed = true;
  check_jacobian(with(3, {3, 5}, tied),
                 {random_tensor({3, 4}, rng), random_tensor({5, 4}, rng), random_tensor({5}, rng)});
  LinearOptions heads;
  heads.output_heads = 3;
  check_jacobian(with(2, {2, 6}, heads),
                 {random_tensor({2, 4}, rng), random_tensor({4, 6}, rng), random_tensor({6}, rng)});
  heads.output_heads = 1;
  heads.input_heads = 2;
  check_jacobian(with(2, {2, 3}, heads), {random_tensor({2, 4}, rng), random_tensor({4, 3}, rng)});
}

TEST_CASE("linear: head by head gives the same numbers, and equal heads equal bits") {
  Rng rng(2);
  // A head width that no vector width divides: where a head stands in the row would show.
  const Index rows = 13, in = 11, heads = 4, d = 7;
  Tensor x = random_tensor({rows, in}, rng), w(Shape{in, heads, d});
  const Tensor one = random_tensor({in, d}, rng);
  for (Index i = 0; i < in; ++i)
    for (Index h = 0; h < heads; ++h)
      for (Index j = 0; j < d; ++j)
        w.data[static_cast<std::size_t>((i * heads + h) * d + j)] = one.view()[i * d + j];
  Tape tape(Tape::Mode::inference);
  LinearOptions per_head;
  per_head.output_heads = heads;
  const ConstView together =
      tape.value(linear(tape, tape.constant(x), tape.constant(w), Var{}, rows, {rows, heads, d}));
  const ConstView apart =
      tape.value(linear(tape, tape.constant(x), tape.constant(w), Var{}, rows, {rows, heads, d}, per_head));
  check_close("head by head", apart, together, 16);
  for (Index r = 0; r < rows; ++r)
    for (Index h = 1; h < heads; ++h)
      for (Index j = 0; j < d; ++j) CHECK(apart[(r * heads + h) * d + j] == apart[r * heads * d + j]);
}

TEST_CASE("linear: shapes that do not chain are named") {
  Tape tape(Tape::Mode::inference);
  Tensor x(Shape{2, 3}), w(Shape{4, 5});
  CHECK_THROWS_WITH_AS(linear(tape, tape.constant(x), tape.constant(w), Var{}, 2, {2, 5}),
                       "linear: x [2, 3], W [4, 5] do not give [2, 5] for 2 rows", ShapeError);
}
