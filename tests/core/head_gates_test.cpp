#include "attn/adapt/head_gates.hpp"

#include <limits>

#include "gradient_check.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {

TaskConfig task() {
  TaskConfig t;
  t.vocab = 7, t.length = 12, t.segment_min = 2, t.segment_max = 6;
  return t;
}

double total(const Tensor& t) {
  double sum = 0;
  for (Real x : t.data) sum += static_cast<double>(x);
  return sum;
}

}  // namespace

TEST_CASE("head gates: they begin open, and the folded model is then the model itself") {
  const Model m = random_model(small_config(), 5);
  GateConfig config;
  config.start = 4;
  const HeadGates gates(m, task(), config);
  CHECK(gates.gates().data == std::vector<Real>{1, 1, 1, 1});
  CHECK(gates.folded().parameters.flat().size() == m.parameters.flat().size());
  const TokenBatch batch = random_tokens(m.config, 2, 6);
  CHECK(logits_of(gates.folded(), batch).data == logits_of(m, batch).data);
}

TEST_CASE("head gates: a price closes them, no price does not, and a seed repeats to the bit") {
  const Model m = random_model(small_config(), 5);
  GateConfig config;
  config.batch = 8;
  const auto run = [&](Real penalty, std::uint64_t seed) {
    config.penalty = penalty, config.seed = seed;
    HeadGates gates(m, task(), config);
    for (int i = 0; i < 150; ++i) gates.step();
    CHECK(gates.steps_done() == 150);
    return gates.log_alpha();
  };
  const Tensor dear = run(5, 1);  // nothing that heads do for this loss is worth 5 nats
  for (Real a : dear.data) CHECK(expected_gate(HardConcrete{}, a) == 0);
  CHECK(total(run(0, 1)) > total(run(Real(0.5), 1)));
  CHECK(run(5, 1).data == dear.data);
  CHECK(run(5, 2).data != dear.data);
}

TEST_CASE("head gates: a state goes on elsewhere as if nothing had happened; a wrong one is refused") {
  const Model m = random_model(small_config(), 5);
  GateConfig config;
  config.batch = 4;
  HeadGates whole(m, task(), config), first(m, task(), config), second(m, task(), config);
  for (int i = 0; i < 20; ++i) whole.step();
  for (int i = 0; i < 12; ++i) first.step();
  std::vector<Real> state = first.state();
  REQUIRE(second.restore(state).ok());
  for (int i = 0; i < 8; ++i) second.step();
  CHECK(second.state() == whole.state());
  state.pop_back();
  CHECK_FALSE(second.restore(state).ok());
  state.push_back(std::numeric_limits<Real>::quiet_NaN());
  CHECK_FALSE(second.restore(state).ok());
  state.back() = 0, state[0] = Real(0.5);
  CHECK_FALSE(second.restore(state).ok());
  const auto weights = static_cast<std::size_t>(m.parameters.size());
  for (const std::size_t moment : {1 + 2 * weights, state.size() - 1}) {  // of the weights, of the gates
    std::vector<Real> below = first.state();
    below[moment] = Real(-1);
    CHECK_FALSE(second.restore(below).ok());
  }
  CHECK(second.state() == whole.state());  // what was refused has changed nothing
}

// The gate's gradient is that of the whole loss: against the stencil through one step of plain descent would
// be long; the pieces are checked in head_gate_test and hard_concrete_test, here that they are put together.
TEST_CASE("head gates: training with open gates and no price lowers the loss") {
  const Model m = random_model(small_config(), 5);
  GateConfig config;
  config.penalty = 0, config.start = 6, config.learning_rate = Real(0.01), config.batch = 16;
  HeadGates gates(m, task(), config);
  const Real before = gates.step().loss;
  Real after = before;
  for (int i = 0; i < 120; ++i) after = gates.step().loss;
  CHECK(after < before);
}
