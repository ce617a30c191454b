#include "attn/ops/embedding.hpp"

#include "golden_op.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("embedding: PyTorch, a repeated token gets both gradients") {
  static const TokenId tokens[] = {0, 5, 5, 2, 0, 5};
  check_golden("embedding", {"table"},
               [](Tape& t, const std::vector<Var>& v) { return embedding(t, v[0], tokens, 2, 3); });
}

TEST_CASE("embedding: a token outside the table throws") {
  Tape tape(Tape::Mode::inference);
  Tensor table(Shape{4, 2});
  const TokenId tokens[] = {1, 4};
  CHECK_THROWS_WITH_AS(embedding(tape, tape.constant(table), tokens, 1, 2),
                       "token 4 at place 1 is outside the table of 4", ShapeError);
}

TEST_CASE("positions: Jacobians of adding and repeating rows of a table") {
  Rng rng(3);
  check_jacobian(
      [](Tape& t, const std::vector<Var>& v) { return add_rows(t, v[0], slice_rows(t, v[1], 1, 3)); },
      {random_tensor({2, 3, 2}, rng), random_tensor({5, 2}, rng)});
  check_jacobian([](Tape& t, const std::vector<Var>& v) { return repeat_rows(t, v[0], 3); },
                 {random_tensor({2, 3}, rng)});
}

TEST_CASE("positions: repeated rows added equal rows added, to the bit") {
  Rng rng(4);
  Tensor x = random_tensor({3, 5, 7}, rng), rows = random_tensor({5, 7}, rng);
  Tape tape(Tape::Mode::inference);
  const Var r = tape.constant(rows), v = tape.constant(x);
  const ConstView a = tape.value(add_rows(tape, v, r)), b = tape.value(add(tape, v, repeat_rows(tape, r, 3)));
  CHECK(std::equal(a.begin(), a.end(), b.begin()));
}

TEST_CASE("positions: a slice outside the table throws") {
  Tape tape(Tape::Mode::inference);
  Tensor table(Shape{4, 2});
  CHECK_THROWS_WITH_AS(slice_rows(tape, tape.constant(table), 3, 2), "rows 3..5 of [4, 2]", ShapeError);
}

TEST_CASE("sinusoids: PyTorch, and the rotation identity") {
  Tensor table(Shape{11, 7});
  sinusoidal_table(table, 0);
  check_close("sinusoids", table, Golden("ops.safetensors").tensor("sinusoids"), 4);
  Tensor later(Shape{1, 7});
  sinusoidal_table(later, 6);
  for (Index i = 0; i < 7; ++i) CHECK(later.view()[i] == table.view()[6 * 7 + i]);  // first = 6 is row 6
  // sin² + cos² = 1 for every frequency that has both.
  for (Index t = 0; t < 11; ++t)
    for (Index i = 0; i + 1 < 7; i += 2)
      CHECK(std::hypot(table.view()[t * 7 + i], table.view()[t * 7 + i + 1]) ==
            doctest::Approx(1).epsilon(1e-6));
}
