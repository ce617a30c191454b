#include "attn/ops/head_gate.hpp"

#include "gradient_check.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("head gate: z_h <- g_h z_h, and both gradients") {
  Rng rng(3);
  const Tensor z = random_tensor(Shape{2, 3, 2, 4}, rng), g(Shape{2}, {Real(0.25), -2});
  Tape tape(Tape::Mode::inference);
  const ConstView out = tape.value(gate_heads(tape, tape.constant(z), tape.constant(g)));
  for (Index i = 0; i < z.size(); ++i) CHECK(out[i] == g.view()[i / 4 % 2] * z.view()[i]);
  CHECK_THROWS_AS(gate_heads(tape, tape.constant(z), tape.constant(Tensor(Shape{3}))), ShapeError);
  const Operation gate = [](Tape& t, const std::vector<Var>& x) { return gate_heads(t, x[0], x[1]); };
  check_jacobian(gate, {z, g});
  const Tensor each = random_tensor(Shape{2, 3, 2}, rng);
  const ConstView gated = tape.value(gate_heads(tape, tape.constant(z), tape.constant(each)));
  for (Index i = 0; i < z.size(); ++i) CHECK(gated[i] == each.view()[i / 4] * z.view()[i]);
  check_jacobian(gate, {z, each});
}

TEST_CASE("token gates: shut, a head brings nothing; half open, half") {
  ModelConfig c = small_config();
  const Model plain = random_model(c, 5);
  c.token_gates = true;
  Model gated{c, Parameters(c)};
  for (const ParameterInfo& p : plain.parameters.table()) {
    const ConstView from = plain.parameters[p.name];
    std::copy(from.begin(), from.end(), gated.parameters[p.name].begin());
  }
  Model halved = plain;  // σ(0) = 1/2
  for (const char* name : {"blocks.0.attn.W_O", "blocks.1.attn.W_O"})
    for (Real& w : halved.parameters[name]) w /= 2;
  const TokenBatch batch = random_tokens(c, 2, 6);
  const Tensor expected = logits_of(halved, batch), got = logits_of(gated, batch);
  for (std::size_t i = 0; i < got.data.size(); ++i)
    CHECK(static_cast<double>(got.data[i]) ==
          doctest::Approx(static_cast<double>(expected.data[i])).epsilon(1e-5));
}

TEST_CASE("head gate: in a model, open gates change nothing and a closed one takes the head out") {
  const Model m = random_model(small_config(), 5);
  const TokenBatch batch = random_tokens(m.config, 2, 6);
  const Tensor ones(Shape{2}, {1, 1}), second(Shape{2}, {1, 0});
  const auto logits = [&](const Tensor& layer0) {
    Tape tape(Tape::Mode::inference);
    const std::vector<Var> gates{tape.constant(layer0), tape.constant(ones)};
    ForwardOptions options;
    options.gates = &gates;
    const ConstView out = tape.value(forward(tape, m, batch, options));
    return Tensor(out.shape, std::vector<Real>(out.begin(), out.end()));
  };
  CHECK(logits(ones).data == logits_of(m, batch).data);
  Model without = m;
  for (Real& w : without.parameters["blocks.0.attn.W_O"].sub(1)) w = 0;
  const Tensor expected = logits_of(without, batch), got = logits(second);
  for (std::size_t i = 0; i < got.data.size(); ++i)
    CHECK(static_cast<double>(got.data[i]) ==
          doctest::Approx(static_cast<double>(expected.data[i])).epsilon(1e-5));

  Tape tape(Tape::Mode::inference);
  const std::vector<Var> one_layer{tape.constant(ones)};
  ForwardOptions options;
  options.gates = &one_layer;
  CHECK_THROWS_AS(forward(tape, m, batch, options), ShapeError);
}
