#include "attn/adapt/head_removal.hpp"

#include "gradient_check.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {

double d(Real x) { return static_cast<double>(x); }

void check_same(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape == b.shape);
  for (std::size_t i = 0; i < a.data.size(); ++i)
    CHECK(d(a.data[i]) == doctest::Approx(d(b.data[i])).epsilon(2e-4));
}

}  // namespace

TEST_CASE("head removal: masked, gated and sliced models are one function") {
  ModelConfig c = small_config();
  c.heads = 4, c.head_width = 3;
  c.qkv_bias = c.out_bias = c.token_gates = true;
  c.null_score = NullScore::learned;
  c.mlp = MlpKind::gelu;
  const Model m = random_model(c, 8);
  const TokenBatch batch = random_tokens(c, 2, 7);
  const Model masked = without_heads(m, {{0, 1}, {0, 3}, {1, 0}, {1, 2}});
  const Model sliced = sliced_heads(m, {{0, 2}, {1, 3}});
  CHECK(sliced.config.heads == 2);
  CHECK(sliced.config.resolved_head_width() == 3);
  CHECK(sliced.parameters.size() < m.parameters.size());
  check_same(logits_of(masked, batch), logits_of(sliced, batch));
  // What the hooks do.
  Hooks hooks;
  AblationScopes scopes;
  Rng rng(1);
  ablate(hooks, m, batch, {{0, 1}, {0, 3}, {1, 0}, {1, 2}}, Ablation::zero, rng, scopes);
  ForwardOptions options;
  options.hooks = &hooks;
  check_same(logits_of(masked, batch), logits_of(m, batch, options));
  const Tensor gates(Shape{2, 4}, {1, 0, 1, 0, 0, 1, 0, 1});
  CHECK(logits_of(with_gates_folded(m, gates), batch).data == logits_of(masked, batch).data);
  // Nothing removed: the same model; the heads in another order: the same function.
  check_same(logits_of(sliced_heads(m, {{0, 1, 2, 3}, {3, 2, 1, 0}}), batch), logits_of(m, batch));
}

// Where D = H: the axis of the heads must not be taken for that of the width.
TEST_CASE("head removal: as many heads as the stream is wide") {
  ModelConfig c = small_config();
  c.heads = 8, c.head_width = 8;
  const Model m = random_model(c, 9);
  const TokenBatch batch = random_tokens(c, 2, 5);
  check_same(
      logits_of(sliced_heads(m, {{0, 2, 5}, {1, 3, 7}}), batch),
      logits_of(
          without_heads(m, {{0, 1}, {0, 3}, {0, 4}, {0, 6}, {0, 7}, {1, 0}, {1, 2}, {1, 4}, {1, 5}, {1, 6}}),
          batch));
}

TEST_CASE("head removal: what cannot be sliced is refused") {
  const Model m = random_model(small_config(), 8);
  CHECK_THROWS_AS(sliced_heads(m, {{0}}), ShapeError);
  CHECK_THROWS_AS(sliced_heads(m, {{0}, {}}), ShapeError);
  CHECK_THROWS_AS(sliced_heads(m, {{0}, {2}}), ShapeError);
  CHECK_THROWS_AS(sliced_heads(m, {{0, 1}, {1}}), ShapeError);
  CHECK_THROWS_AS(without_heads(m, {{0, 2}}), ShapeError);
  ModelConfig grouped = small_config();
  grouped.kv_heads = 1;
  CHECK_THROWS_AS(sliced_heads(random_model(grouped, 1), {{0}, {0}}), ShapeError);
}
