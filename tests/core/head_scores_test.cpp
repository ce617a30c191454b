#include "attn/analysis/head_scores.hpp"

#include <doctest.h>

#include <cmath>

#include "handmade.hpp"

using namespace attn;

namespace {

double d(Real x) { return static_cast<double>(x); }

TokenBatch one(std::vector<TokenId> tokens) {
  TokenBatch b;
  b.batch = 1;
  b.length = static_cast<Index>(tokens.size());
  b.tokens = std::move(tokens);
  return b;
}

}  // namespace

TEST_CASE("every score by hand on one small pattern") {
  // tokens a b a b; rows of A below. Tokens seen before: t = 2 (match s = 0), t = 3 (match s = 1).
  const TokenBatch batch = one({0, 1, 0, 1});
  const Tensor pattern(Shape{1, 1, 4, 4}, {1, 0, 0, 0,                            //
                                           Real(0.25), Real(0.75), 0, 0,          //
                                           Real(0.5), Real(0.25), Real(0.25), 0,  //
                                           Real(0.125), Real(0.25), Real(0.5), Real(0.125)});
  const HeadScores s = head_scores(std::vector<Tensor>{pattern}, batch).at(0);
  CHECK(d(s.previous) == doctest::Approx((0.25 + 0.25 + 0.5) / 3));
  CHECK(d(s.current) == doctest::Approx((1 + 0.75 + 0.25 + 0.125) / 4));
  CHECK(d(s.first) == doctest::Approx((0.25 + 0.5 + 0.125) / 3));
  CHECK(d(s.duplicate) == doctest::Approx((0.5 + 0.25) / 2));
  CHECK(d(s.induction) == doctest::Approx((0.25 + 0.5) / 2));
  CHECK(d(s.distance) == doctest::Approx((0 + 0.25 + (1.0 + 0.25) + (0.375 + 0.5 + 0.5)) / 4));
  const double h1 = -(0.25 * std::log(0.25) + 0.75 * std::log(0.75));
  const double h2 = 1.5 * std::log(2.0), h3 = 1.75 * std::log(2.0);
  CHECK(d(s.entropy) == doctest::Approx((h1 + h2 + h3) / 4));
  CHECK(d(s.entropy_ratio) ==
        doctest::Approx((h1 / std::log(2.0) + h2 / std::log(3.0) + h3 / std::log(4.0)) / 3));
}

TEST_CASE("a token with two earlier occurrences counts both; padding is left out") {
  TokenBatch batch = one({0, 0, 0});
  const Tensor pattern(Shape{1, 1, 3, 3},
                       {1, 0, 0, Real(0.5), Real(0.5), 0, Real(0.2), Real(0.3), Real(0.5)});
  HeadScores s = head_scores(std::vector<Tensor>{pattern}, batch).at(0);
  CHECK(d(s.duplicate) == doctest::Approx((0.5 + (0.2 + 0.3)) / 2));
  CHECK(d(s.induction) == doctest::Approx((0.5 + (0.3 + 0.5)) / 2));
  batch.lengths = {2};
  s = head_scores(std::vector<Tensor>{pattern}, batch).at(0);
  CHECK(d(s.duplicate) == doctest::Approx(0.5));
  CHECK(d(s.previous) == doctest::Approx(0.5));
}

TEST_CASE("uniform attention scores (H_T - 1) / (T - 1) on the previous token: 0.0987 at 32, 0.0349 at 128") {
  Rng rng(1);
  for (const auto& [T, expected] : {std::pair<Index, double>{32, 0.0987}, {128, 0.0349}}) {
    const TokenBatch batch = random_repeat_batch(64, 3, T / 2, rng);
    const HeadScores s = uniform_baseline(batch);
    CHECK(d(s.previous) == doctest::Approx(expected).epsilon(0.002));
    CHECK(d(s.first) == doctest::Approx(d(s.previous)));
    CHECK(d(s.entropy_ratio) == doctest::Approx(1));
    CHECK(d(s.distance) == doctest::Approx(static_cast<double>(T - 1) / 4));
  }
}

TEST_CASE("a model whose queries are zero scores exactly its uniform baseline") {
  Model m = handmade::induction_model();
  for (Real& w : m.parameters["blocks.0.attn.W_Q"]) w = 0;
  Rng rng(2);
  const TokenBatch batch = random_repeat_batch(handmade::V, 4, 8, rng);
  const HeadScores s = head_scores(m, batch).at(0), u = uniform_baseline(batch);
  CHECK(d(s.previous) == doctest::Approx(d(u.previous)));
  CHECK(d(s.induction) == doctest::Approx(d(u.induction)));
  CHECK(d(s.duplicate) == doctest::Approx(d(u.duplicate)));
  CHECK(d(s.entropy) == doctest::Approx(d(u.entropy)));
}

TEST_CASE("heads built by hand get exactly the scores they were built for") {
  const std::vector<HeadScores> s = head_scores(handmade::induction_model(), handmade::distinct_repeat(3));
  REQUIRE(s.size() == 2);
  CHECK(s[0].layer == 0);
  CHECK(d(s[0].previous) == doctest::Approx(1));
  CHECK(d(s[0].entropy) == doctest::Approx(0));
  CHECK(d(s[0].induction) == doctest::Approx(0));
  CHECK(s[1].layer == 1);
  CHECK(d(s[1].induction) == doctest::Approx(1));
  CHECK(d(s[1].duplicate) == doctest::Approx(0));
  CHECK(d(s[1].previous) < 0.2);
}

TEST_CASE("the random-repeat protocol repeats its half and uses the whole alphabet") {
  Rng rng(5);
  const TokenBatch b = random_repeat_batch(7, 50, 20, rng);
  CHECK(b.length == 40);
  std::vector<int> count(7);
  for (Index s = 0; s < 50; ++s)
    for (Index t = 0; t < 20; ++t) {
      const std::size_t at = static_cast<std::size_t>(s * 40 + t);
      CHECK(b.tokens[at] == b.tokens[at + 20]);
      ++count[static_cast<std::size_t>(b.tokens[at])];
    }
  for (int n : count) CHECK(std::abs(n - 1000.0 / 7) < 60);
}
