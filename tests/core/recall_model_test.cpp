#include "attn/train/recall_model.hpp"

#include <doctest.h>

#include <cmath>
#include <limits>

using namespace attn;

namespace {

RecallConfig small(Memory memory) {
  RecallConfig c;
  c.memory = memory;
  c.task.kind = TaskKind::recall, c.task.vocab = 12, c.task.pairs = 3, c.task.length = 14;
  c.width = 16, c.key_width = 8, c.batch = 16;
  c.learning_rate = Real(1e-2);
  return c;
}

constexpr Memory all[] = {Memory::softmax, Memory::additive, Memory::positive,
                          Memory::decayed, Memory::delta,    Memory::gated};

}  // namespace

TEST_CASE("recall: every memory learns three pairs") {
  for (const Memory memory : all) {
    CAPTURE(static_cast<int>(memory));
    RecallModel m(small(memory));
    const StepMetrics before = m.evaluate(64);
    for (int i = 0; i < 250; ++i) m.step();
    const StepMetrics after = m.evaluate(64);
    CHECK(before.accuracy < Real(0.5));
    CHECK(after.accuracy > Real(0.8));
    CHECK(after.loss < before.loss);
    CHECK(m.steps_done() == 250);
  }
}

TEST_CASE("recall: a state goes on elsewhere bit for bit, a wrong one is refused") {
  for (const Memory memory : {Memory::softmax, Memory::gated}) {
    RecallModel whole(small(memory)), first(small(memory)), second(small(memory));
    for (int i = 0; i < 12; ++i) whole.step();
    for (int i = 0; i < 7; ++i) first.step();
    std::vector<Real> state = first.state();
    REQUIRE(second.restore(state).ok());
    for (int i = 0; i < 5; ++i) second.step();
    CHECK(second.state() == whole.state());
    CHECK(second.evaluate(32).loss == whole.evaluate(32).loss);
    state.back() = -1;
    CHECK_FALSE(second.restore(state).ok());
    state.back() = std::numeric_limits<Real>::infinity();
    CHECK_FALSE(second.restore(state).ok());
    state.pop_back();
    CHECK_FALSE(second.restore(state).ok());
  }
}

TEST_CASE("recall: what a memory takes, and what is refused") {
  CHECK(RecallModel(small(Memory::softmax)).memory_numbers(10) == 10 * (8 + 16));
  CHECK(RecallModel(small(Memory::delta)).memory_numbers(10) == 8 * 16);
  CHECK(RecallModel(small(Memory::positive)).memory_numbers(1000) == 8 * 17);
  CHECK(validate(small(Memory::delta)).ok());
  RecallConfig bad = small(Memory::delta);
  bad.key_width = 0;
  CHECK_FALSE(validate(bad).ok());
  bad = small(Memory::delta), bad.task.kind = TaskKind::repeat;
  CHECK_FALSE(validate(bad).ok());
  bad = small(Memory::delta), bad.learning_rate = std::numeric_limits<Real>::quiet_NaN();
  CHECK_FALSE(validate(bad).ok());
}
