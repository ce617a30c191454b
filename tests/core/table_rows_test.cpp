#include "attn/ops/table_rows.hpp"

#include "attn/ops/linear.hpp"
#include "attn/ops/norm.hpp"
#include "training_pass.hpp"

using namespace attn;
using namespace attn::test;

namespace {

ModelConfig small() {
  ModelConfig c;
  c.vocab = 3, c.context = 6, c.layers = 2, c.width = 8, c.heads = 2;
  c.norm_gain = false;
  return c;
}

// Eight sequences of five tokens from three letters.
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

// Tables give the loss and the gradients of rows multiplied one by one.
void check_same(const ModelConfig& config, bool padded = false) {
  Rng rng(11);
  const Model model = rough_model(config, rng);
  TaskBatch batch = letters(rng);
  if (padded) batch.inputs.lengths = {4, 5, 3, 5, 5, 2, 5, 5};
  REQUIRE(takes_tables(config, batch.inputs));
  AskedRows asked;
  REQUIRE(asked.take(batch));
  for (AskedRows* some : {static_cast<AskedRows*>(nullptr), &asked}) {
    if (some && !takes_tails(config)) continue;
    const double tolerance = kDouble ? 1e-13 : 2e-5;
    const Answer rows = answer(model, batch, some), tables = answer(model, batch, some, true);
    CHECK(tables.loss == doctest::Approx(rows.loss).epsilon(tolerance));
    CHECK(furthest(tables.gradients, rows.gradients) < tolerance);
    CHECK(largest(rows.gradients) > 0.01);
  }
}

}  // namespace

TEST_CASE("table rows: every derivative") {
  const TokenId tokens[] = {2, 0, 2, 1, 2, 2};
  Rng rng(5);
  const Tensor x = random_tensor({2, 3, 4}, rng), factors = random_tensor({2, 3}, rng),
               by_token = random_tensor({3, 2, 2}, rng), by_place = random_tensor({3, 2, 2}, rng);
  const Shape out{2, 3, 2, 2};
  check_jacobian([&](Tape& t, const std::vector<Var>& v) { return rms_factor(t, v[0], Real(1e-5)); }, {x});
  check_jacobian(
      [&](Tape& t, const std::vector<Var>& v) { return table_rows(t, v[0], v[1], v[2], tokens, out); },
      {factors, by_token, by_place});
  check_jacobian(
      [&](Tape& t, const std::vector<Var>& v) { return table_rows(t, v[0], v[1], Var{}, tokens, out); },
      {factors, by_token});
}

TEST_CASE("table rows: the norm of a sum of two rows, times a matrix") {
  const TokenId tokens[] = {1, 0, 1, 1};
  Rng rng(6);
  const Tensor token = random_tensor({2, 4}, rng), place = random_tensor({2, 4}, rng),
               w = random_tensor({4, 3}, rng);
  Tensor x({2, 2, 4});
  for (std::size_t i = 0; i < 16; ++i)
    x.data[i] = token.data[static_cast<std::size_t>(tokens[i / 4]) * 4 + i % 4] + place.data[i % 8];
  Tape tape(Tape::Mode::inference);
  const Var weights = tape.constant(w), stream = tape.constant(x);
  const auto times_w = [&](Var rows, Index n) { return linear(tape, rows, weights, Var{}, n, {n, 3}); };
  const Var row_by_row = times_w(rms_norm(tape, stream, Var{}, Real(1e-5)), 4);
  const Var by_tables =
      table_rows(tape, rms_factor(tape, stream, Real(1e-5)), times_w(tape.constant(token), 2),
                 times_w(tape.constant(place), 2), tokens, {2, 2, 3});
  CHECK(furthest(numbers(tape.value(by_tables)), numbers(tape.value(row_by_row))) < (kDouble ? 1e-14 : 1e-6));
}

TEST_CASE("tables change neither loss nor gradients: positions of each kind") {
  for (PositionKind kind : {PositionKind::learned, PositionKind::sinusoidal, PositionKind::rope,
                            PositionKind::alibi, PositionKind::t5, PositionKind::none}) {
    ModelConfig c = small();
    c.position = kind;
    check_same(c);
  }
}

TEST_CASE("tables change neither loss nor gradients: heads, MLPs and ties of every kind") {
  ModelConfig c = small();
  c.mlp = MlpKind::gelu;
  c.out_bias = c.mlp_bias = c.unembed_bias = c.tied = true;
  check_same(c);
  c.kv_heads = 1;
  c.qk_norm = true;
  check_same(c);
  c.smeared_keys = true;
  check_same(c, true);
  c = small();
  c.shared_qk = c.shared_kv = true;
  check_same(c);
  c = small();
  c.layers = 3;
  c.identical_heads = true;
  c.kind = Kind::encoder;
  check_same(c, true);
}

TEST_CASE("tables are not taken where a row is more than a token and a place, or would not pay") {
  Rng rng(1);
  TokenBatch batch = letters(rng).inputs;
  REQUIRE(takes_tables(small(), batch));
  const auto refused = [&](auto change) {
    ModelConfig c = small();
    change(c);
    return !takes_tables(c, batch);
  };
  CHECK(refused([](ModelConfig& c) { c.layers = 1; }));
  CHECK(refused([](ModelConfig& c) { c.norm = NormPlacement::post; }));
  CHECK(refused([](ModelConfig& c) { c.norm = NormPlacement::none; }));
  CHECK(refused([](ModelConfig& c) { c.norm_kind = NormKind::layer_norm; }));
  CHECK(refused([](ModelConfig& c) { c.norm_gain = true; }));
  CHECK(refused([](ModelConfig& c) { c.embed_norm = true; }));
  CHECK(refused([](ModelConfig& c) { c.token_types = 2; }));
  CHECK(refused([](ModelConfig& c) { c.token_gates = true; }));
  CHECK(refused([](ModelConfig& c) { c.qkv_bias = true; }));
  CHECK(refused([](ModelConfig& c) { c.vocab = 16; }));  // 2 (16 + 5) > 40
  CHECK_FALSE(refused([](ModelConfig& c) { c.vocab = 15; }));
  CHECK_FALSE(refused([](ModelConfig& c) { c.vocab = 20, c.position = PositionKind::rope; }));
}

TEST_CASE("a pass that somebody looks into multiplies row by row, to the bit") {
  Rng rng(11);
  const Model model = rough_model(small(), rng);
  const TaskBatch batch = letters(rng);
  const Hooks hooks;
  const Answer rows = answer(model, batch, nullptr), watched = answer(model, batch, nullptr, true, &hooks),
               tables = answer(model, batch, nullptr, true);
  CHECK(watched.logits == rows.logits);
  CHECK(watched.gradients == rows.gradients);
  CHECK(tables.gradients != rows.gradients);  // the others above do compare two ways of computing
}
