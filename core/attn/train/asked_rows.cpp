#include "attn/train/asked_rows.hpp"

#include <algorithm>

namespace attn {

bool AskedRows::take(const TaskBatch& batch) {
  const Index B = batch.inputs.batch, T = batch.inputs.length;
  starts.resize(static_cast<std::size_t>(B + 1));
  targets.resize(batch.targets.size());
  weights.resize(batch.weights.size());
  Index rows = 0;
  for (Index b = 0; b < B; ++b) {
    starts[static_cast<std::size_t>(b)] = rows;
    Index t = 0;
    const Real* counts = batch.weights.data() + b * T;
    while (t < T && counts[t] == 0) ++t;
    std::copy(counts + t, counts + T, weights.data() + rows);
    std::copy_n(batch.targets.data() + b * T + t, T - t, targets.data() + rows);
    rows += T - t;
  }
  starts[static_cast<std::size_t>(B)] = rows;
  return rows > 0 && rows < B * T;
}

}  // namespace attn
