#include "attn/train/parity_model.hpp"

#include <doctest.h>

#include <cmath>
#include <limits>

using namespace attn;

namespace {

ParityConfig with(ParityMixer mixer) {
  ParityConfig c;
  c.mixer = mixer, c.length = 8, c.longest = 64, c.batch = 32;
  return c;
}

Real after(ParityModel& m, int steps, Index length) {
  for (int i = 0; i < steps; ++i) m.step();
  return m.evaluate(length, 64, 4).accuracy;
}

}  // namespace

TEST_CASE("parity: a sign that is given holds at any length") {
  ParityModel m(with(ParityMixer::exact));
  CHECK(after(m, 300, 8) == 1);
  CHECK(m.evaluate(64, 64, 4).accuracy == 1);
  CHECK(m.gates().data[0] == 1);
  CHECK(m.gates().data[8] == -1);
}

TEST_CASE("parity: a gate that may turn the sign learns the training length, one that may not does not") {
  ParityModel turns(with(ParityMixer::signed_)), stays(with(ParityMixer::positive));
  CHECK(after(turns, 500, 8) > Real(0.95));
  CHECK(after(stays, 500, 16) < Real(0.85));
  bool negative = false;
  for (const Real a : turns.gates().data) negative = negative || a < Real(-0.8);
  CHECK(negative);
  for (const Real a : stays.gates().data) CHECK(a > 0);
}

TEST_CASE("parity: attention answers about short sequences") {
  ParityModel m(with(ParityMixer::attention));
  const Real before = m.evaluate(2, 64, 2).loss;
  CHECK(after(m, 200, 2) > Real(0.8));
  CHECK(m.evaluate(2, 64, 2).loss < before);
  CHECK(m.gates().data.empty());
}

TEST_CASE("parity: a state goes on elsewhere bit for bit; what is wrong is refused") {
  ParityModel whole(with(ParityMixer::signed_)), first(with(ParityMixer::signed_)),
      second(with(ParityMixer::signed_));
  for (int i = 0; i < 9; ++i) whole.step();
  for (int i = 0; i < 5; ++i) first.step();
  std::vector<Real> state = first.state();
  REQUIRE(second.restore(state).ok());
  for (int i = 0; i < 4; ++i) second.step();
  CHECK(second.state() == whole.state());
  state[0] = Real(0.5);
  CHECK_FALSE(second.restore(state).ok());
  CHECK(second.state() == whole.state());
  CHECK_THROWS_AS(whole.evaluate(65, 8, 4), ShapeError);
  ParityConfig bad = with(ParityMixer::signed_);
  bad.length = 65;
  CHECK_FALSE(validate(bad).ok());
  bad = with(ParityMixer::signed_), bad.learning_rate = std::numeric_limits<Real>::quiet_NaN();
  CHECK_FALSE(validate(bad).ok());
}
