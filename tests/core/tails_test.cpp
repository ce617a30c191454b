#include "attn/ops/tails.hpp"

#include "training_pass.hpp"

using namespace attn;
using namespace attn::test;

namespace {

// A batch of three sequences of five tokens, of which the last two, none and all have a say.
struct Case {
  Model model;
  TaskBatch batch;
  AskedRows asked;

  explicit Case(const ModelConfig& config) {
    Rng rng(3);
    model = rough_model(config, rng);
    batch.inputs.batch = 3, batch.inputs.length = 5;
    for (int i = 0; i < 15; ++i) {
      batch.inputs.tokens.push_back(static_cast<TokenId>(rng.below(config.vocab)));
      batch.targets.push_back(static_cast<TokenId>(rng.below(config.vocab)));
      const bool counts =
          i == 3 || i == 10 || i >= 13;  // row 4 of the first is asked for, and counts nothing
      batch.weights.push_back(counts ? Real(0.5) + static_cast<Real>(rng.uniform()) : Real(0));
    }
    REQUIRE(asked.take(batch));
  }
};

ModelConfig small() {
  ModelConfig c;
  c.vocab = 7, c.context = 6, c.layers = 2, c.width = 8, c.heads = 2;
  return c;
}

// With rows left out: the same logits where they are asked for, the same loss, the same gradient of
// everything.
void check_same(const ModelConfig& config, bool padded = false) {
  Case c(config);
  if (padded) c.batch.inputs.lengths = {4, 5, 3};
  const Answer all = answer(c.model, c.batch, nullptr), some = answer(c.model, c.batch, &c.asked);
  const auto V = static_cast<std::size_t>(config.vocab);
  std::vector<Real> wanted;
  for (std::size_t row : {3u, 4u, 10u, 11u, 12u, 13u, 14u})
    wanted.insert(wanted.end(), all.logits.begin() + static_cast<std::ptrdiff_t>(row * V),
                  all.logits.begin() + static_cast<std::ptrdiff_t>((row + 1) * V));
  const double tolerance = kDouble ? 1e-13 : 2e-5;
  CHECK(furthest(some.logits, wanted) < tolerance);
  CHECK(furthest(some.gradients, all.gradients) < tolerance);
  CHECK(some.loss == doctest::Approx(all.loss).epsilon(tolerance));
  CHECK(some.accuracy == all.accuracy);
  CHECK(largest(all.gradients) > 0.01);
}

}  // namespace

TEST_CASE("tails: which rows, and where their gradient goes") {
  Tape tape(Tape::Mode::inference);
  Tensor x({3, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const Index starts[] = {0, 1, 1, 3};
  const ConstView out = tape.value(tails(tape, tape.constant(x), starts));
  CHECK(out.shape == Shape{1, 3, 2});
  CHECK(numbers(out) == std::vector<Real>{3, 4, 9, 10, 11, 12});

  Rng rng(5);
  const Tensor drawn = random_tensor({3, 2, 2}, rng);
  check_jacobian([&](Tape& t, const std::vector<Var>& v) { return tails(t, v[0], starts); }, {drawn});
  // Twice from one source: the second gradient is added to the first.
  check_jacobian(
      [&](Tape& t, const std::vector<Var>& v) {
        const Var y = scale(t, v[0], 2);
        return add(t, tails(t, y, starts), tails(t, y, starts));
      },
      {drawn});
  const Index too_many[] = {0, 1, 1, 4}, backwards[] = {0, 2, 1, 3};
  CHECK_THROWS_AS(tails(tape, tape.constant(x), too_many), ShapeError);
  CHECK_THROWS_AS(tails(tape, tape.constant(x), backwards), ShapeError);
}

TEST_CASE("the rows a batch asks about") {
  const Case c(small());
  CHECK(c.asked.starts == std::vector<Index>{0, 2, 2, 7});
  CHECK(c.asked.targets[0] == c.batch.targets[3]);
  CHECK(c.asked.targets[2] == c.batch.targets[10]);
  CHECK(c.asked.weights[0] == c.batch.weights[3]);
  CHECK(c.asked.weights[1] == 0);
  TaskBatch all = c.batch;
  AskedRows asked;
  for (Index b = 0; b < 3; ++b) all.weights[static_cast<std::size_t>(5 * b)] = 1;
  CHECK_FALSE(asked.take(all));  // every row: nothing to leave out
  std::fill(all.weights.begin(), all.weights.end(), Real(0));
  CHECK_FALSE(asked.take(all));  // no row: the whole pass says so in its own way
}

TEST_CASE("rows left out change neither loss nor gradients: the course's decoder") {
  ModelConfig c = small();
  c.norm_gain = false;
  check_same(c);
  c.layers = 1;
  check_same(c);
}

TEST_CASE("rows left out: norms, MLPs and biases of every kind") {
  ModelConfig c = small();
  c.norm_kind = NormKind::layer_norm;
  c.mlp = MlpKind::gelu;
  c.qkv_bias = c.out_bias = c.mlp_bias = c.unembed_bias = c.tied = true;
  check_same(c);
  c.norm = NormPlacement::post;
  c.mlp = MlpKind::swiglu;
  check_same(c);
  c.norm = NormPlacement::none;
  check_same(c);
}

TEST_CASE("rows left out: shared keys, soft-cap, window, silence, gates, padding, encoder") {
  ModelConfig c = small();
  c.kv_heads = 1;
  c.qk_norm = true;
  c.softcap = 3;
  c.window = 2;
  check_same(c);
  c.softcap = 0;
  c.null_score = NullScore::learned;
  c.token_gates = true;
  check_same(c);
  c.position = PositionKind::sinusoidal;
  c.smeared_keys = true;
  check_same(c, true);
  c.kind = Kind::encoder;
  c.smeared_keys = false;
  check_same(c, true);
  c.identical_heads = true;
  check_same(c);
}

TEST_CASE("rows left out of more than one block of queries") {
  ModelConfig c = small();
  c.context = 160;
  Model model{c, Parameters(c)};
  Rng rng(7);
  initialise(model.parameters, c, rng);
  TokenBatch batch;
  batch.batch = 2, batch.length = 150;
  for (int i = 0; i < 300; ++i) batch.tokens.push_back(static_cast<TokenId>(rng.below(c.vocab)));
  const Index starts[] = {0, 70, 145};
  const auto pass = [&](bool some) {
    Tape tape(Tape::Mode::training);
    Parameters gradients(c);
    ForwardOptions options;
    options.gradients = &gradients;
    if (some) options.tails = starts;
    const Var out = forward(tape, model, batch, options);
    const Var asked = some ? out : tails(tape, out, starts);
    Rng direction(1);
    const Tensor weights = random_tensor(tape.value(asked).shape, direction);
    const Var loss = weighted_sum(tape, asked, weights);
    tape.backward(loss);
    return numbers(gradients.flat());
  };
  CHECK(furthest(pass(true), pass(false)) < (kDouble ? 1e-11 : 2e-3));
}

TEST_CASE("rows cannot be left out where positions act on whole sequences, or somebody looks") {
  ModelConfig c = small();
  for (PositionKind kind : {PositionKind::rope, PositionKind::alibi, PositionKind::t5}) {
    c.position = kind;
    CHECK_FALSE(takes_tails(c));
    Case one(c);
    CHECK_THROWS_AS(answer(one.model, one.batch, &one.asked), ShapeError);
  }
  c.position = PositionKind::learned;
  CHECK(takes_tails(c));
  Case one(c);
  Tape tape(Tape::Mode::training), inference(Tape::Mode::inference);
  Hooks hooks;
  ForwardOptions options;
  options.tails = one.asked.starts.data();
  CHECK_THROWS_AS(forward(inference, one.model, one.batch.inputs, options), ShapeError);
  options.hooks = &hooks;
  CHECK_THROWS_AS(forward(tape, one.model, one.batch.inputs, options), ShapeError);
}
