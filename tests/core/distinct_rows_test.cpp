#include "attn/model/distinct_rows.hpp"

#include "attn/ops/embedding.hpp"
#include "training_pass.hpp"

using namespace attn;
using namespace attn::test;

namespace {

ModelConfig small() {
  ModelConfig c;
  c.vocab = 3, c.context = 6, c.layers = 2, c.width = 8, c.heads = 2;
  return c;
}

// Eight sequences of five tokens from three letters: 15 rows at most differ, of 40.
TaskBatch letters(Rng& rng) {
  TaskBatch batch;
  batch.inputs.batch = 8, batch.inputs.length = 5;
  for (int i = 0; i < 40; ++i) {
    batch.inputs.tokens.push_back(static_cast<TokenId>(rng.below(3)));
    batch.targets.push_back(static_cast<TokenId>(rng.below(3)));
    batch.weights.push_back(i % 5 > 1 ? Real(1) : Real(0));
  }
  return batch;
}

// Rows computed once give the loss and the gradients of rows computed as often as they occur.
void check_same(const ModelConfig& config, bool padded = false) {
  Rng rng(11);
  const Model model = rough_model(config, rng);
  TaskBatch batch = letters(rng);
  if (padded) batch.inputs.lengths = {4, 5, 3, 5, 5, 2, 5, 5};
  DistinctRows distinct;
  REQUIRE(distinct.take(config, batch.inputs));
  AskedRows asked;
  REQUIRE(asked.take(batch));
  for (AskedRows* some : {static_cast<AskedRows*>(nullptr), &asked}) {
    if (some && !takes_tails(config)) continue;
    const double tolerance = kDouble ? 1e-13 : 2e-5;
    const Answer all = answer(model, batch, some), once = answer(model, batch, some, &distinct);
    CHECK(once.loss == doctest::Approx(all.loss).epsilon(tolerance));
    CHECK(furthest(once.gradients, all.gradients) < tolerance);
    CHECK(largest(all.gradients) > 0.01);
  }
}

}  // namespace

TEST_CASE("gather_rows: a row taken twice gets both gradients, in any shape") {
  const TokenId which[] = {2, 0, 2, 1, 2, 2};
  Rng rng(5);
  const Tensor x = random_tensor({1, 3, 2, 2}, rng);
  check_jacobian(
      [&](Tape& t, const std::vector<Var>& v) {
        return gather_rows(t, v[0], which, {2, 3, 2, 2});
      },
      {x});
  Tape tape(Tape::Mode::inference);
  const ConstView out = tape.value(gather_rows(tape, tape.constant(x), which, {2, 3, 2, 2}));
  for (Index i = 0; i < 6; ++i)
    for (Index j = 0; j < 4; ++j) CHECK(out[i * 4 + j] == x.data[static_cast<std::size_t>(which[i] * 4 + j)]);
  const TokenId outside[] = {0, 3};
  CHECK_THROWS_AS(gather_rows(tape, tape.constant(x), outside, {1, 2, 2, 2}), ShapeError);
}

TEST_CASE("distinct rows: a token at a place, or a token alone where places are not added") {
  ModelConfig c = small();
  TokenBatch batch;
  batch.batch = 4, batch.length = 2;
  batch.tokens = {1, 0, 1, 1, 0, 0, 1, 1};
  DistinctRows rows;
  REQUIRE(rows.take(c, batch));
  CHECK(rows.tokens == std::vector<TokenId>{1, 0, 1, 0});
  CHECK(rows.positions == std::vector<TokenId>{0, 1, 1, 0});
  CHECK(rows.which == std::vector<TokenId>{0, 1, 0, 2, 3, 1, 0, 2});
  c.position = PositionKind::rope;
  REQUIRE(rows.take(c, batch));
  CHECK(rows.tokens == std::vector<TokenId>{1, 0});
  CHECK(rows.which == std::vector<TokenId>{0, 1, 0, 0, 1, 1, 0, 0});
}

TEST_CASE("distinct rows are not taken where they would not pay, or not suffice") {
  TokenBatch batch;
  batch.batch = 1, batch.length = 5;
  batch.tokens = {0, 1, 2, 0, 1};
  DistinctRows rows;
  CHECK_FALSE(rows.take(small(), batch));  // every place differs
  batch.batch = 5, batch.length = 1;
  CHECK(rows.take(small(), batch));
  ModelConfig c = small();
  c.layers = 1;
  CHECK_FALSE(rows.take(c, batch));
  c = small();
  c.token_gates = true;
  CHECK_FALSE(rows.take(c, batch));
  batch.tokens[4] = 3;
  CHECK_FALSE(rows.take(small(), batch));  // outside the vocabulary: forward() says so
}

TEST_CASE(
    "rows computed once change neither loss nor gradients: the course's decoder, positions of each kind") {
  for (PositionKind kind : {PositionKind::learned, PositionKind::sinusoidal, PositionKind::rope,
                            PositionKind::alibi, PositionKind::t5, PositionKind::none}) {
    ModelConfig c = small();
    c.position = kind;
    check_same(c);
  }
}

TEST_CASE("rows computed once: norms, MLPs, biases, ties and heads of every kind") {
  ModelConfig c = small();
  c.norm_kind = NormKind::layer_norm;
  c.mlp = MlpKind::gelu;
  c.qkv_bias = c.out_bias = c.mlp_bias = c.unembed_bias = c.tied = c.embed_norm = true;
  check_same(c);
  c.norm = NormPlacement::post;
  check_same(c);
  c.norm = NormPlacement::none;
  c.kv_heads = 1;
  c.qk_norm = true;
  check_same(c);
  c.smeared_keys = true;
  check_same(c, true);
  c = small();
  c.identical_heads = true;
  c.kind = Kind::encoder;
  check_same(c, true);
}

TEST_CASE("a pass that somebody looks into needs all rows") {
  const ModelConfig c = small();
  const Model model{c, Parameters(c)};
  Rng rng(1);
  const TaskBatch batch = letters(rng);
  DistinctRows distinct;
  REQUIRE(distinct.take(c, batch.inputs));
  Tape tape(Tape::Mode::training), inference(Tape::Mode::inference);
  ForwardOptions options;
  options.distinct = &distinct;
  CHECK_THROWS_AS(forward(inference, model, batch.inputs, options), ShapeError);
  const Hooks hooks;
  options.hooks = &hooks;
  CHECK_THROWS_AS(forward(tape, model, batch.inputs, options), ShapeError);
}
