#include "attn/analysis/relations.hpp"

#include <doctest.h>

#include <cmath>

using namespace attn;

namespace {

double d(Real x) { return static_cast<double>(x); }

// n one-token words after a separator.
WordLayout plain(Index n) {
  WordLayout w;
  w.word.push_back(-1);
  for (Index i = 0; i < n; ++i) w.word.push_back(i);
  w.punctuation.assign(static_cast<std::size_t>(n), false);
  return w;
}

// W [heads, n, n]: head h of word `from` puts 0.6 on choice[h], 0.1 on the word itself.
Tensor words(Index n, Index from, const std::vector<Index>& choice) {
  Tensor w(Shape{static_cast<Index>(choice.size()), n, n});
  for (std::size_t h = 0; h < choice.size(); ++h) {
    const Index row = (static_cast<Index>(h) * n + from) * n;
    w.data[static_cast<std::size_t>(row + choice[h])] = Real(0.6);
    w.data[static_cast<std::size_t>(row + from)] = Real(0.9);  // never a candidate
  }
  return w;
}

}  // namespace

TEST_CASE("attention between words: summed over the pieces attended to, from the last piece or the mean") {
  // tokens: separator, word 0 in two pieces, word 1 in two pieces.
  const WordLayout layout{{-1, 0, 0, 1, 1}, {false, false}};
  const Tensor a(Shape{1, 5, 5}, {1,         0,         0,          0,          0,  //
                                  0,         1,         0,          0,          0,  //
                                  0,         Real(0.5), Real(0.5),  0,          0,  //
                                  Real(0.2), Real(0.1), Real(0.3),  Real(0.4),  0,  //
                                  Real(0.1), Real(0.4), Real(0.25), Real(0.05), Real(0.2)});
  const Tensor last = word_attention(a, layout, FromWord::last);
  REQUIRE(last.shape == Shape{1, 2, 2});
  CHECK(d(last.data[2]) == doctest::Approx(0.65));  // word 1 to word 0
  CHECK(d(last.data[3]) == doctest::Approx(0.25));
  const Tensor mean = word_attention(a, layout, FromWord::mean);
  CHECK(d(mean.data[2]) == doctest::Approx((0.4 + 0.65) / 2));
  CHECK(d(mean.data[0]) == doctest::Approx(1));
  CHECK_THROWS_AS(word_attention(Tensor(Shape{1, 4, 5}), layout, FromWord::last), ShapeError);
}

TEST_CASE("a word that the tokenizer left without a token has a zero row and breaks nothing") {
  const WordLayout layout{{-1, 0, 2}, {false, true, false}};
  const Tensor w = word_attention(
      Tensor(Shape{1, 3, 3}, {1, 0, 0, 0, 1, 0, Real(0.5), Real(0.25), Real(0.25)}), layout, FromWord::last);
  CHECK(d(w.data[3]) == 0);
  CHECK(d(w.data[6]) == doctest::Approx(0.25));
  RelationMeter meter(1);
  meter.add({w}, {{1, {0}, -1}, {2, {1}, -1}, {2, {0}, -1}}, layout, 0);
  CHECK(meter.queries() == 1);
}

TEST_CASE("hits, masses and baselines by hand") {
  // Two heads. Head 0 always finds the partner; head 1 always looks one word back.
  // Partner: two words back in group 0 (selection) and three back in groups 1 and 3 (report).
  RelationMeter meter(2);
  const WordLayout layout = plain(5);
  meter.add({words(5, 4, {2, 3})}, {{4, {2}, 3}}, layout, 0);
  meter.add({words(5, 4, {1, 3})}, {{4, {1}, 1}}, layout, 1);
  meter.add({words(5, 3, {0, 2})}, {{3, {0}, 2}}, layout, 3);
  Rng rng(1);
  const RelationReport r = meter.report(200, rng);
  CHECK(r.queries == 3);
  CHECK(r.held_out == 2);
  CHECK(r.head == 0);
  CHECK(r.selected == doctest::Approx(1));
  CHECK(r.accuracy.value == doctest::Approx(1));
  CHECK(r.accuracy.low == doctest::Approx(1));
  CHECK(r.mass == doctest::Approx(0.6));
  CHECK(r.offset == 2);                            // what the selection half suggested
  CHECK(r.offset_accuracy == doctest::Approx(0));  // and what it was worth
  CHECK(r.gain.value == doctest::Approx(1));
  CHECK(r.nearest_accuracy == doctest::Approx(0.5));
  CHECK(r.chance == doctest::Approx((1.0 / 4 + 1.0 / 3) / 2));
  CHECK(r.uniform_mass == doctest::Approx((1.0 / 6 + 1.0 / 5) / 2));  // words + separator + itself
  CHECK(r.head_accuracy == std::vector<double>{1, 0});
  CHECK(r.head_mass[1] == doctest::Approx(0));
}

TEST_CASE("a head that is word order in disguise gains nothing over the offset") {
  RelationMeter meter(1);
  const WordLayout layout = plain(6);
  Rng rng(2);
  for (Index g = 0; g < 200; ++g) {
    // The partner stands one word back seven times in ten; the head looks there always.
    const Index partner = rng.below(10) < 7 ? 4 : 1;
    meter.add({words(6, 5, {4})}, {{5, {partner}, -1}}, layout, g);
  }
  const RelationReport r = meter.report(500, rng);
  CHECK(r.offset == 1);
  CHECK(r.accuracy.value == doctest::Approx(r.offset_accuracy));
  CHECK(r.gain.low == doctest::Approx(0));
  CHECK(r.gain.high == doctest::Approx(0));
  // A share p of n independent questions: 95 % of draws within about 2 sqrt(p (1 - p) / n).
  CHECK(r.accuracy.high - r.accuracy.low == doctest::Approx(4 * std::sqrt(0.7 * 0.3 / 100)).epsilon(0.25));
}

TEST_CASE("choosing the luckiest of many blind heads inflates the selection half only") {
  constexpr Index heads = 40;
  RelationMeter meter(heads);
  const WordLayout layout = plain(9);
  Rng rng(3);
  for (Index g = 0; g < 120; ++g) {
    std::vector<Index> choice;
    for (Index h = 0; h < heads; ++h) choice.push_back(rng.below(8));
    meter.add({words(9, 8, choice)}, {{8, {rng.below(8)}, -1}}, layout, g);
  }
  const RelationReport r = meter.report(500, rng);
  CHECK(r.selected > 0.19);  // 1/8 for each head; the best of forty looks better
  CHECK(r.accuracy.low <= 0.125);
  CHECK(r.gain.low < 0);
}

TEST_CASE("questions of one sentence are drawn together") {
  // Ten groups of ten identical answers: the interval is that of ten draws, not of a hundred.
  RelationMeter together(1), apart(1);
  const WordLayout layout = plain(4);
  for (Index g = 0; g < 20; ++g)
    for (int i = 0; i < 10; ++i) {
      const Index partner = g % 4 < 2 ? 2 : 0;
      together.add({words(4, 3, {2})}, {{3, {partner}, -1}}, layout, g);
      apart.add({words(4, 3, {2})}, {{3, {partner}, -1}}, layout, 2 * (g * 10 + i) + g % 2);
    }
  Rng rng(4);
  const Estimate wide = together.report(500, rng).accuracy, narrow = apart.report(500, rng).accuracy;
  CHECK(wide.value == doctest::Approx(narrow.value));
  CHECK(wide.high - wide.low > 2 * (narrow.high - narrow.low));
}

TEST_CASE("an empty relation reports zeros") {
  Rng rng(5);
  const RelationReport r = RelationMeter(3).report(10, rng);
  CHECK(r.queries == 0);
  CHECK(r.accuracy.value == 0);
  CHECK(r.head_accuracy == std::vector<double>{0, 0, 0});
}
