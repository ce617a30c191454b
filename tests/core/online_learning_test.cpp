#include "attn/analysis/online_learning.hpp"

#include <doctest.h>

#include <cmath>

using namespace attn;

namespace {

Real mean(const Tensor& errors, Learner kind, Index from, Index to) {
  Real sum = 0;
  for (Index t = from; t < to; ++t)
    sum += errors.data[static_cast<std::size_t>(static_cast<Index>(kind) * errors.shape[1] + t)];
  return sum / static_cast<Real>(to - from);
}

}  // namespace

TEST_CASE("online learning: nothing written, nothing known; a seed repeats") {
  StreamConfig c;
  c.tokens = 40, c.change = 40;
  const Tensor e = online_errors(c);
  for (int kind = 0; kind < learner_kinds; ++kind)
    CHECK(e.data[static_cast<std::size_t>(kind * 40)] == doctest::Approx(1));
  CHECK(online_errors(c).data == e.data);
  c.trials = 0;
  CHECK_THROWS_AS(online_errors(c), ShapeError);
}

// Without noise and with β = 1 every write projects the error onto what is orthogonal to the key (Kaczmarz):
// its expected square falls by 1 - 1/d a step.
TEST_CASE("online learning: the delta rule falls by 1 - 1/d a step, as Kaczmarz's does") {
  StreamConfig c;
  c.width = 8, c.tokens = c.change = 80, c.noise = 0, c.beta = 1, c.trials = 200;
  const Tensor e = online_errors(c);
  const double fall = static_cast<double>(mean(e, Learner::delta, 56, 72) / mean(e, Learner::delta, 8, 24));
  CHECK(fall > 0.6 * std::pow(1 - 1.0 / 8, 24));
  CHECK(fall < 1.6 * std::pow(1 - 1.0 / 8, 24));
}

TEST_CASE("online learning: after a change the delta rule comes back, a sum does not") {
  StreamConfig c;
  const Tensor e = online_errors(c);
  const Real before = mean(e, Learner::delta, 112, 128);
  CHECK(before < Real(0.3));
  CHECK(mean(e, Learner::delta, 128, 132) > 1);
  CHECK(mean(e, Learner::delta, 240, 256) < Real(1.2) * before);
  CHECK(mean(e, Learner::additive, 240, 256) > Real(0.6));
  CHECK(mean(e, Learner::additive, 112, 128) < mean(e, Learner::additive, 240, 256));
}
