#include "attn/analysis/token_gates.hpp"

#include <doctest.h>

#include "attn/attention/heads.hpp"

using namespace attn;

TEST_CASE("token gates: what stands between P V and z, and one where nothing was mixed") {
  // One sequence, two tokens, two heads that share a value head of width 2.
  const Tensor pattern({1, 2, 2, 2}, {1, 0, Real(0.5), Real(0.5), 1, 0, 0, 0});
  const Tensor v({1, 2, 1, 2}, {2, 0, 0, 4});
  // P V: head 0 reads (2, 0), (1, 2); head 1 reads (2, 0), (0, 0). Gates 0.5, 0.25; 0.1 and none.
  const Tensor z({1, 2, 2, 2}, {1, 0, Real(0.2), 0, Real(0.25), Real(0.5), 0, 0});
  const Tensor g = token_gates(z, pattern, v);
  CHECK(g.shape == Shape{1, 2, 2});
  CHECK(g.data[0] == doctest::Approx(0.5));
  CHECK(g.data[1] == doctest::Approx(0.1));
  CHECK(g.data[2] == doctest::Approx(0.25));
  CHECK(g.data[3] == 1);
}
