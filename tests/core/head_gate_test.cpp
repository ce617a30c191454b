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
  check_jacobian([](Tape& t, const std::vector<Var>& x) { return gate_heads(t, x[0], x[1]); }, {z, g});
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
