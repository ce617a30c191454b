#include "attn/analysis/gain_field.hpp"

#include <doctest.h>

#include <cmath>

using namespace attn;

namespace {

const Tensor drive(Shape{2, 4}, {1, 2, 0, 5, Real(0.001), Real(0.002), 0, Real(0.005)});
const Tensor gain(Shape{4}, {1, 3, 1, 1});

Real sum(const Tensor& t, Index kind, Index row) {
  Real s = 0;
  for (Index j = 0; j < 4; ++j) s += t.data[static_cast<std::size_t>((kind * 2 + row) * 4 + j)];
  return s;
}

}  // namespace

TEST_CASE("gain field: a softmax with a sink is divisive normalisation, and a gain multiplies the odds") {
  const Tensor r = gain_field(drive, gain, Real(0.7), 3);
  for (std::size_t i = 0; i < 8; ++i) CHECK(std::fabs(r.data[8 + i] - r.data[16 + i]) < 1e-6);
  // Odds of place 1 against place 0: twice the drive, three times the gain; with a sink and without.
  CHECK(r.data[1] / r.data[0] == doctest::Approx(6));
  CHECK(r.data[9] / r.data[8] == doctest::Approx(6));
  CHECK(r.data[2] == 0);
}

TEST_CASE("gain field: without σ the sum is one however weak the drive; with it the weak are let go") {
  const Tensor r = gain_field(drive, gain, Real(0.7), 3);
  CHECK(sum(r, 0, 0) == doctest::Approx(1));
  CHECK(sum(r, 0, 1) == doctest::Approx(1));
  CHECK(sum(r, 1, 0) > Real(0.9));
  CHECK(sum(r, 1, 1) < Real(0.02));
  const Tensor bare = gain_field(drive, gain, 0, 3);
  CHECK(sum(bare, 1, 1) == doctest::Approx(1));
}

TEST_CASE("gain field: a wide pool of neighbours is everyone, a narrow one is oneself") {
  const Tensor wide = gain_field(drive, gain, Real(0.7), 1e4),
               narrow = gain_field(drive, gain, Real(0.7), Real(0.01));
  for (std::size_t i = 0; i < 8; ++i) CHECK(std::fabs(wide.data[24 + i] - wide.data[16 + i]) < 1e-5);
  CHECK(narrow.data[24] == doctest::Approx(1 / 1.7));
  CHECK_THROWS_AS(gain_field(drive, Tensor(Shape{3}), 1, 1), ShapeError);
}
