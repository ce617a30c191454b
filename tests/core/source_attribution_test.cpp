#include "attn/analysis/source_attribution.hpp"

#include <doctest.h>

#include <cmath>

#include "attn/analysis/interventions.hpp"
#include "handmade.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {
double d(Real x) { return static_cast<double>(x); }
}  // namespace

TEST_CASE("source attribution: over the source tokens it sums to each head's direct attribution") {
  for (const NamedConfig& each : small_configs()) {
    if (each.config.norm == NormPlacement::post) continue;
    const Model m = random_model(each.config);
    const TokenBatch batch = random_tokens(m.config, 2, 6);
    const Tensor right = source_attribution(m, batch, {1, 4, 3, -1});
    const Tensor wrong = source_attribution(m, batch, {1, 4, 5, -1});
    const Tensor difference = source_attribution(m, batch, {1, 4, 3, 5});
    const Attribution heads = direct_logit_attribution(m, batch, 1, 4, 3);
    INFO(each.name);
    const Index H = m.config.heads;
    for (const Contribution& part : heads.parts) {
      if (part.head < 0) continue;
      double sum = 0, size = 0;
      for (Index s = 0; s < 6; ++s) {
        const Index i = (part.layer * H + part.head) * 6 + s;
        sum += d(right.view()[i]);
        size += std::fabs(d(right.view()[i]));
        if (s > 4) CHECK(right.view()[i] == 0);  // the future
        CHECK(std::fabs(d(difference.view()[i]) - (d(right.view()[i]) - d(wrong.view()[i]))) <=
              1e-5 * (1 + std::fabs(d(right.view()[i])) + std::fabs(d(wrong.view()[i]))));
      }
      CHECK(std::fabs(sum - d(part.logit)) <= 1e-5 * (1 + size));
    }
  }
}

TEST_CASE("source attribution: the induction head built by hand takes the answer from where it stands") {
  const Model m = handmade::induction_model();
  const TokenBatch batch = handmade::distinct_repeat(1);
  const Tensor a = source_attribution(m, batch, {0, 13, batch.tokens[6], -1});  // [2, 1, 16]
  for (Index s = 0; s < 16; ++s) {
    CHECK(a.view()[s] == 0);  // layer 0 writes where nobody unembeds
    CHECK(d(a.view()[16 + s]) == doctest::Approx(s == 6 ? 10 : 0).epsilon(1e-4));
  }
}

TEST_CASE("source attribution: impossible requests are refused") {
  ModelConfig post = small_config();
  post.norm = NormPlacement::post;
  const TokenBatch batch = random_tokens(post, 1, 4);
  CHECK_THROWS_AS(source_attribution(random_model(post), batch, {0, 3, 1, -1}), ShapeError);
  CHECK_THROWS_AS(source_attribution(random_model(small_config()), batch, {0, 4, 1, -1}), ShapeError);
}
