#include "attn/analysis/metric.hpp"

#include <cmath>

#include "golden_interventions.hpp"
#include "gradient_check.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("metric: logit difference, loss and probability of a row worked by hand") {
  Tensor logits(Shape{1, 1, 3}, {0, static_cast<Real>(std::log(2.0)), static_cast<Real>(std::log(5.0))});
  Metric m;
  m.answers = {{0, 0, 2, 0}};
  CHECK(static_cast<double>(measure(m, logits)) == doctest::Approx(std::log(5.0)));
  m.kind = Metric::Kind::probability;
  CHECK(static_cast<double>(measure(m, logits)) == doctest::Approx(5.0 / 8));
  m.kind = Metric::Kind::loss;
  m.answers.push_back({0, 0, 0, -1});  // the mean of -log 5/8 and -log 1/8
  CHECK(static_cast<double>(measure(m, logits)) == doctest::Approx((std::log(8.0 / 5) + std::log(8.0)) / 2));
  m.kind = Metric::Kind::centred_logit;  // ln 5 and 0, each less ln 10 / 3
  CHECK(static_cast<double>(measure(m, logits)) ==
        doctest::Approx((std::log(5.0) + 0) / 2 - std::log(10.0) / 3));
  m.answers[0].position = 1;
  CHECK_THROWS_AS(measure(m, logits), ShapeError);
  CHECK_THROWS_AS(measure(Metric{}, logits), ShapeError);
}

TEST_CASE("metric: gradients of every kind") {
  Rng rng(5);
  for (auto kind : {Metric::Kind::logit_difference, Metric::Kind::loss, Metric::Kind::probability,
                    Metric::Kind::centred_logit}) {
    Metric m;
    m.kind = kind;
    m.answers = {{0, 1, 2, 0}, {1, 0, 1, 3}, {0, 1, 3, -1}};
    check_jacobian([&m](Tape& tape, const std::vector<Var>& x) { return measure(tape, x[0], m); },
                   {random_tensor({2, 2, 4}, rng)});
  }
}

TEST_CASE("metric: the golden prompts") {
  for (const char* name : {"gpt2", "llama"}) {
    GoldenPair pair(name);
    const std::pair<Metric::Kind, std::string> kinds[] = {
        {Metric::Kind::logit_difference, "logit_difference"},
        {Metric::Kind::loss, "loss"},
        {Metric::Kind::probability, "probability"}};
    for (const auto& kind : kinds) {
      pair.metric.kind = kind.first;
      const std::vector<Real> got{measure(pair.metric, logits_of(pair.model, pair.clean)),
                                  measure(pair.metric, logits_of(pair.model, pair.corrupted))};
      check_close(name + kind.second, as_view(got), pair.golden.tensor("metric/" + kind.second), 64);
    }
  }
}

TEST_CASE("metric: next-token loss counts every token but the first, padding left out") {
  TokenBatch batch{{1, 2, 3, 4, 5, 0}, 2, 3, {3, 2}, {}};
  const Metric m = next_token_loss(batch);
  REQUIRE(m.answers.size() == 3);
  CHECK((m.answers[1].position == 1 && m.answers[1].right == 3));
  CHECK((m.answers[2].sequence == 1 && m.answers[2].position == 0 && m.answers[2].right == 5));
}
