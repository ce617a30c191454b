// The rows of a batch that the loss asks about: from each sequence's first counted position to its end.
#pragma once

#include "attn/train/tasks.hpp"

namespace attn {

struct AskedRows {
  std::vector<Index> starts;     // [B + 1], as tails() (ops/tails.hpp) and ForwardOptions::tails take them
  std::vector<TokenId> targets;  // [R]
  std::vector<Real> weights;     // [R]

  // Takes the rows of `batch`; true if they are some but not all of its rows. No allocation once this size
  // was there.
  bool take(const TaskBatch& batch);
};

}  // namespace attn
