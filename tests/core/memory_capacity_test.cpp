#include "attn/analysis/memory_capacity.hpp"

#include <doctest.h>

using namespace attn;

namespace {

Real of(const Tensor& share, MemoryKind kind) { return share.data[static_cast<std::size_t>(kind)]; }

CapacityConfig with(Index keys, Index versions) {
  CapacityConfig c;
  c.keys = keys, c.versions = versions;
  return c;
}

}  // namespace

TEST_CASE("memory capacity: one pair is recalled by all, and a seed repeats") {
  for (const Real share : memory_capacity(with(1, 1)).data) CHECK(share == 1);
  CHECK(memory_capacity(with(40, 2)).data == memory_capacity(with(40, 2)).data);
}

TEST_CASE("memory capacity: a state is full beyond its width, a log is not") {
  const Tensor many = memory_capacity(with(256, 1));
  CHECK(of(many, MemoryKind::softmax) > Real(0.99));
  CHECK(of(many, MemoryKind::additive) < Real(0.4));
  CHECK(of(many, MemoryKind::delta) < Real(0.25));
  CHECK(of(many, MemoryKind::additive) > of(many, MemoryKind::delta));
}

TEST_CASE("memory capacity: bound again, the delta rule overwrites; a sum and a log without order do not") {
  const Tensor again = memory_capacity(with(16, 4));
  CHECK(of(again, MemoryKind::delta) > Real(0.85));
  CHECK(of(again, MemoryKind::additive) < Real(0.4));
  CHECK(of(again, MemoryKind::softmax) < Real(0.4));
  CHECK(of(again, MemoryKind::softmax_recent) > Real(0.95));
}

TEST_CASE("memory capacity: orthogonal keys are no disturbance") {
  CapacityConfig c = with(2, 1);
  c.width = 512;  // random directions there are nearly orthogonal
  for (const Real share : memory_capacity(c).data) CHECK(share == 1);
  c.trials = 0;
  CHECK_THROWS_AS(memory_capacity(c), ShapeError);
}
