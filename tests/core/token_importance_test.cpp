#include "attn/analysis/token_importance.hpp"

#include <doctest.h>

#include <algorithm>
#include <cmath>

#include "attn/analysis/correlation.hpp"
#include "handmade.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {
std::size_t best(const std::vector<Real>& x) {
  return static_cast<std::size_t>(std::max_element(x.begin(), x.end()) - x.begin());
}
}  // namespace

TEST_CASE(
    "token importance: the hand-built induction head hangs on the answer, its predecessor and the asker") {
  const Model m = handmade::induction_model();
  const std::vector<TokenId> tokens = handmade::distinct_repeat(1).tokens;
  Metric logit;
  logit.answers = {{0, 13, tokens[6], -1}};
  Rng rng(2);
  const std::vector<Real> influence = token_influence(m, tokens, logit, 6, rng);
  for (std::size_t t : {5, 6, 13}) CHECK(static_cast<double>(influence[t]) > 2);
  CHECK(influence[14] == 0);  // the future
  CHECK(influence[15] == 0);
  Rng again(2);
  CHECK(token_influence(m, tokens, logit, 6, again) == influence);
}

TEST_CASE("token importance: every method's profile and its agreement with the truth") {
  const Model m = handmade::induction_model();
  const std::vector<TokenId> tokens = handmade::distinct_repeat(1).tokens;
  Metric logit;
  logit.answers = {{0, 13, tokens[6], -1}};
  Rng rng(2);
  const TokenImportance t = token_importance(m, tokens, logit, 6, rng);
  REQUIRE(t.methods.size() == 6);
  REQUIRE(t.truth.size() == 14);
  for (const ImportanceProfile& p : t.methods) {
    CHECK(p.by_token.size() == 14);
    CHECK(p.spearman == spearman(p.by_token, t.truth));
  }
  // The last layer looks at the answer alone; rollout knows that position 6 carries half of position 5.
  CHECK(t.methods[0].method == "attention");
  CHECK(best(t.methods[0].by_token) == 6);
  CHECK(static_cast<double>(t.methods[0].by_token[5]) < 1e-9);
  CHECK(t.methods[1].method == "rollout");
  CHECK(static_cast<double>(t.methods[1].by_token[5]) == doctest::Approx(0.25));  // ½ · ½
  CHECK(static_cast<double>(t.methods[1].by_token[12]) == doctest::Approx(0.25));
  CHECK(static_cast<double>(t.methods[2].by_token[5]) == doctest::Approx(0.5));  // flow: the narrowest place
  CHECK(static_cast<double>(t.methods[3].by_token[5]) < 1e-9);
  CHECK_THROWS_AS(token_importance(m, tokens, next_token_loss(handmade::distinct_repeat(1)), 1, rng),
                  ShapeError);
}
