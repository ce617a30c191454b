#include "attn/analysis/logit_lens.hpp"

#include <doctest.h>

#include <cmath>

#include "attn/analysis/activations.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {
double d(Real x) { return static_cast<double>(x); }
}  // namespace

TEST_CASE("logit lens: at the last depth it is the model, bit for bit, in every kind of model") {
  for (const NamedConfig& each : small_configs()) {
    const Model m = random_model(each.config);
    const TokenBatch batch = random_tokens(m.config, 2, 6);
    const std::vector<Tensor> lens = logit_lens(m, batch);
    INFO(each.name);
    REQUIRE(lens.size() == 3);
    CHECK(lens[2].data == logits_of(m, batch).data);
    CHECK(lens[1].data != lens[2].data);
  }
}

TEST_CASE("logit lens: what a layer adds is seen only behind it") {
  Model m = random_model(small_config(), 5);
  const TokenBatch batch = random_tokens(m.config, 1, 6);
  for (Real& w : m.parameters["blocks.1.attn.W_O"]) w = 0;  // layer 1 adds nothing
  const std::vector<Tensor> lens = logit_lens(m, batch);
  CHECK(lens[1].data == lens[2].data);
  CHECK(lens[0].data != lens[1].data);
}

TEST_CASE("logit lens: a position worked by hand") {
  const auto log_of = [](double x) { return static_cast<Real>(std::log(x)); };
  const std::vector<Tensor> lens{Tensor(Shape{1, 1, 3}, {log_of(2), log_of(1), log_of(1)}),
                                 Tensor(Shape{1, 1, 3}, {log_of(1), log_of(1), log_of(2)})};
  const std::vector<LensState> s = lens_states(lens, 0, 0, 2);
  CHECK((s[0].top == 0 && s[1].top == 2));
  CHECK((s[0].rank == 1 && s[1].rank == 0));
  CHECK(d(s[0].probability) == doctest::Approx(0.25));
  // ¼ log(¼ / ½) + ½ log(½ / ¼)
  CHECK(d(s[0].divergence) == doctest::Approx(0.25 * std::log(2.0)));
  CHECK(std::fabs(d(s[1].divergence)) < 1e-7);
}

TEST_CASE("logit lens: needs something to read out with") {
  ModelConfig c = small_config();
  c.unembed = false;
  CHECK_THROWS_AS(logit_lens(random_model(c), random_tokens(c, 1, 3)), ShapeError);
}
