#include "attn/train/pooling_model.hpp"

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace attn;

namespace {

PoolingConfig with(Encoder encoder, Real penalty = 0) {
  PoolingConfig c;
  c.encoder = encoder, c.penalty = penalty;
  return c;
}

PoolingExam after(PoolingModel& m, int steps) {
  for (int i = 0; i < steps; ++i) m.step();
  return m.evaluate(256);
}

bool is_signed(TokenId word) { return word < signed_words; }

}  // namespace

TEST_CASE("pooling: every encoder learns the task") {
  for (const Encoder e : {Encoder::single, Encoder::attention, Encoder::recurrent}) {
    PoolingModel m(with(e));
    CHECK(m.evaluate(256).accuracy < Real(0.8));
    CHECK(after(m, 400).accuracy > Real(0.95));
  }
}

TEST_CASE("pooling: accounts add up to the answer, and a lone word has all the difference") {
  for (const Encoder e : {Encoder::single, Encoder::attention, Encoder::recurrent}) {
    PoolingModel m(with(e));
    after(m, 200);
    const PoolingAccounts a = m.accounts(32);
    REQUIRE(a.logit.size() == 32);
    REQUIRE(a.left_out.size() == 32 * 12);
    double constant = 0;
    for (std::size_t b = 0; b < 32; ++b) {
      double sum = 0, mixed = 0;
      for (std::size_t i = b * 12; i < b * 12 + 12; ++i) {
        sum += a.weight[i], mixed += a.weight[i] * a.pull[i];
        CHECK(a.gradient[i] >= 0);
        CHECK(a.left_out[i] >= 0);
      }
      CHECK(sum == doctest::Approx(1).epsilon(1e-5));
      // the logits differ by Σ α pull and a bias, the same for all
      const double logit = a.logit[b];
      if (b == 0) constant = logit - mixed;
      CHECK(std::fabs(logit - mixed - constant) < 1e-3 * (1 + std::fabs(logit)));
    }
  }
}

TEST_CASE("pooling: what moves the answer is the words with a sign") {
  for (const Encoder e : {Encoder::single, Encoder::recurrent}) {
    PoolingModel m(with(e));
    after(m, 400);
    const PoolingAccounts a = m.accounts(64);
    double on = 0, off = 0;
    for (std::size_t i = 0; i < a.tokens.size(); ++i) (is_signed(a.tokens[i]) ? on : off) += a.left_out[i];
    CHECK(on > 9 * off);
  }
}

TEST_CASE(
    "pooling: with the row held fixed a word alone has one gradient a weight, whatever stands beside it") {
  // z = Σ α_t pull(x_t), so x_t · ∂z/∂x_t = α_t times a number of the word; through the row it would not be.
  const auto spread = [](Encoder e) {
    PoolingModel m(with(e));
    after(m, 100);
    const PoolingAccounts a = m.accounts(64);
    std::vector<double> first(static_cast<std::size_t>(all_words), -1);
    double worst = 0;
    for (std::size_t i = 0; i < a.tokens.size(); ++i) {
      const double ratio = a.gradient[i] / a.weight[i];
      double& seen = first[static_cast<std::size_t>(a.tokens[i])];
      if (seen < 0) seen = ratio;
      worst = std::max(worst, std::fabs(ratio - seen) / (seen + 1e-2));
    }
    return worst;
  };
  CHECK(spread(Encoder::single) < 1e-2);
  CHECK(spread(Encoder::attention) > 0.1);
  CHECK(spread(Encoder::recurrent) > 0.1);
}

TEST_CASE("pooling: a change of the answer keeps its digits where the probabilities are one") {
  CHECK(change_of_answer(0, 2) == doctest::Approx(1 / (1 + std::exp(-2.0)) - 0.5));
  CHECK(change_of_answer(2, 0) == change_of_answer(0, -2));
  CHECK(change_of_answer(50, 51) == doctest::Approx(std::exp(-50.0) - std::exp(-51.0)));
  CHECK(change_of_answer(-50, -51) == change_of_answer(50, 51));
}

TEST_CASE("pooling: the penalty takes the row off the signed words") {
  PoolingModel honest(with(Encoder::recurrent)), liar(with(Encoder::recurrent, 1));
  const Real seen = after(honest, 400).mass;
  const PoolingExam lied = after(liar, 400);
  CHECK(lied.mass < Real(0.05));
  CHECK(seen > lied.mass);
  CHECK(lied.accuracy > Real(0.9));
}

TEST_CASE("pooling: a state goes on elsewhere bit for bit; what is wrong is refused") {
  for (const Encoder e : {Encoder::single, Encoder::attention, Encoder::recurrent}) {
    PoolingModel whole(with(e, 1)), first(with(e, 1)), second(with(e, 1));
    for (int i = 0; i < 7; ++i) whole.step();
    for (int i = 0; i < 4; ++i) first.step();
    std::vector<Real> state = first.state();
    REQUIRE(second.restore(state).ok());
    for (int i = 0; i < 3; ++i) second.step();
    CHECK(second.state() == whole.state());
    state.pop_back();
    CHECK_FALSE(second.restore(state).ok());
  }
  PoolingConfig bad;
  bad.width = 7;
  CHECK_FALSE(validate(bad).ok());
  bad = {}, bad.penalty = std::numeric_limits<Real>::quiet_NaN();
  CHECK_FALSE(validate(bad).ok());
  bad = {}, bad.length = 1;
  CHECK_FALSE(validate(bad).ok());
}
