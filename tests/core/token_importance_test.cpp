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

TEST_CASE("token importance: erasing a token is running with the mean embedding in its place") {
  Model m = random_model(small_config());
  const std::vector<TokenId> tokens{3, 1, 4, 1};
  Metric logit;
  logit.kind = Metric::Kind::centred_logit;
  logit.answers = {{0, 2, 5, -1}};
  const std::vector<Real> influence = token_erasure(m, tokens, logit);
  REQUIRE(influence.size() == 4);
  CHECK(influence[3] == 0);  // the future
  // Token 6 does not occur: give it the mean of the table as it was, and write it at each place in turn.
  const View table = m.parameters["embed.W_E"];
  const Index V = table.shape[0], D = table.shape[1];
  std::vector<Real> mean(static_cast<std::size_t>(D));
  for (Index i = 0; i < V * D; ++i) mean[static_cast<std::size_t>(i % D)] += table[i] / static_cast<Real>(V);
  std::copy(mean.begin(), mean.end(), table.data + 6 * D);
  const TokenBatch whole{tokens, 1, 4, {}, {}};
  for (std::size_t t = 0; t < 3; ++t) {
    TokenBatch changed = whole;
    changed.tokens[t] = 6;
    const Real fell = measure(logit, logits_of(m, whole)) - measure(logit, logits_of(m, changed));
    CHECK(static_cast<double>(influence[t]) == doctest::Approx(static_cast<double>(fell)).epsilon(1e-4));
  }
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
