#include "attn/analysis/head_roles.hpp"

#include <doctest.h>

#include "handmade.hpp"

using namespace attn;

namespace {

double d(Real x) { return static_cast<double>(x); }

// Token 0 is the separator; words: [1 2] [3] [4 5 6], the middle one a comma.
const WordLayout layout{{-1, 0, 0, 1, 2, 2, 2}, {false, true, false}};
const std::vector<TokenId> tokens{0, 5, 6, 7, 5, 6, 9};

// One head whose row t puts all its weight on key(t).
template <class F>
Tensor one_hot(F key) {
  const Index T = static_cast<Index>(tokens.size());
  Tensor a(Shape{1, T, T});
  for (Index t = 0; t < T; ++t) a.data[static_cast<std::size_t>(t * T + key(t))] = 1;
  return a;
}

HeadRoles roles_of(const Tensor& pattern) {
  RoleMeter meter(1, 1);
  meter.add({pattern}, tokens, layout);
  return meter.roles().at(0);
}

}  // namespace

TEST_CASE("a previous-token head: inside words and across them alike, offset 1") {
  const HeadRoles r = roles_of(one_hot([](Index t) { return t ? t - 1 : 0; }));
  CHECK(d(r.scores.previous) == doctest::Approx(1));
  CHECK(d(r.previous_across) == doctest::Approx(1));
  CHECK(d(r.inside) == doctest::Approx(1));  // every continuing piece has its neighbour in the word
  CHECK(r.offset == 1);
  CHECK(d(r.offset_weight) == doctest::Approx(1));
  CHECK(d(r.offset_top) == doctest::Approx(1));
  CHECK(d(r.punctuation) == doctest::Approx(1.0 / 3));  // only t = 4 of t = 4, 5, 6 stands beside the comma
}

TEST_CASE("a head that stays inside the word differs from it at the word's edge") {
  const HeadRoles r = roles_of(one_hot([](Index t) { return t == 2 ? 1 : t == 5 || t == 6 ? 4 : t; }));
  CHECK(d(r.inside) == doctest::Approx(1));
  CHECK(d(r.previous_across) == doctest::Approx(0));
}

TEST_CASE("punctuation: earlier marks only, over rows that have one before them") {
  const HeadRoles r = roles_of(one_hot([](Index t) { return t >= 3 ? 3 : 0; }));
  CHECK(d(r.punctuation) == doctest::Approx(1));
  CHECK(d(r.scores.first) == doctest::Approx(2.0 / 6));
  CHECK(d(roles_of(one_hot([](Index) { return Index(0); })).punctuation) == doctest::Approx(0));
}

TEST_CASE("a sink is no offset, and a mark is not its own antecedent") {
  // All weight on token 0: no row t > k puts anything on t - k.
  const HeadRoles sink = roles_of(one_hot([](Index) { return Index(0); }));
  CHECK(d(sink.scores.first) == doctest::Approx(1));
  CHECK(d(sink.offset_weight) == doctest::Approx(0));
  CHECK(d(roles_of(one_hot([](Index t) { return t; })).punctuation) == doctest::Approx(0));
}

TEST_CASE("the best offset is found with its weight and its share of maxima") {
  // Three back where that is not the separator.
  const HeadRoles r = roles_of(one_hot([](Index t) { return t > 3 ? t - 3 : 0; }));
  CHECK(r.offset == 3);
  CHECK(d(r.offset_weight) == doctest::Approx(1));
  // Half of each row three back, the other half on itself, a hair more: never the maximum.
  Tensor a = one_hot([](Index t) { return t; });
  for (Index t = 4; t < 7; ++t) {
    a.data[static_cast<std::size_t>(t * 7 + t)] = Real(0.51);
    a.data[static_cast<std::size_t>(t * 7 + t - 3)] = Real(0.49);
  }
  CHECK(roles_of(a).offset == 3);
  CHECK(d(roles_of(a).offset_weight) == doctest::Approx(0.49));
  CHECK(d(roles_of(a).offset_top) == doctest::Approx(0));
}

TEST_CASE("the uniform baseline by hand") {
  RoleMeter meter(1, 1);
  meter.add({one_hot([](Index t) { return t; })}, tokens, layout);
  const HeadRoles u = meter.uniform();
  CHECK(d(u.inside) == doctest::Approx((1.0 / 3 + 1.0 / 6 + 2.0 / 7) / 3));       // t = 2, 5, 6
  CHECK(d(u.punctuation) == doctest::Approx((1.0 / 5 + 1.0 / 6 + 1.0 / 7) / 3));  // t = 4, 5, 6
  CHECK(d(u.previous_across) == doctest::Approx((1.0 / 4 + 1.0 / 5) / 2));        // t = 3, 4
}

TEST_CASE("scores over two sequences weigh rows, not sequences; wrong shapes are refused") {
  RoleMeter meter(1, 1);
  const Tensor previous = one_hot([](Index t) { return t ? t - 1 : 0; });
  meter.add({previous}, tokens, layout);
  meter.add({Tensor(Shape{1, 2, 2}, {1, 0, 0, 1})}, {0, 3}, WordLayout{{-1, 0}, {false}});
  CHECK(d(meter.roles().at(0).scores.previous) == doctest::Approx(6.0 / 7));
  CHECK_THROWS_AS(meter.add({Tensor(Shape{1, 2, 2})}, tokens, layout), ShapeError);
  CHECK_THROWS_AS(meter.add({}, tokens, layout), ShapeError);
}

TEST_CASE("patterns of a model are read through its hooks and score as the batch version does") {
  const Model m = handmade::induction_model();
  const TokenBatch batch = handmade::distinct_repeat(1);
  RoleMeter meter(m.config.layers, m.config.heads);
  WordLayout letters;
  for (std::size_t t = 0; t < batch.tokens.size(); ++t) letters.word.push_back(static_cast<Index>(t));
  letters.punctuation.assign(batch.tokens.size(), false);
  meter.add(patterns_of(m, batch.tokens), batch.tokens, letters);
  const std::vector<HeadScores> expected = head_scores(m, batch);
  const std::vector<HeadRoles> got = meter.roles();
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CHECK(got[i].scores.layer == expected[i].layer);
    CHECK(d(got[i].scores.previous) == doctest::Approx(d(expected[i].previous)));
    CHECK(d(got[i].scores.induction) == doctest::Approx(d(expected[i].induction)));
    CHECK(d(got[i].inside) == doctest::Approx(0));
  }
}
