// A text read with some of its past out of sight: what the model loses when a key is gone from its cache, or
// when the key keeps its share of attention and brings nothing.
#pragma once

#include "attn/model/transformer.hpp"

namespace attn {

enum class Blinding {
  evict,    // before the softmax: the share of the unseen key goes to the others (Xiao et al. 2024, § 3.1)
  silence,  // after it: the share stays spent, the value is not read
};

// Logits [1, T, V] of one text when query i looks at key j only where seen[i, j] > 0, in every layer and
// head. seen: [T, T]; what the causal mask hides stays hidden. A query that sees nothing reads zeros.
Tensor blinded_logits(const Model& model, const TokenBatch& text, ConstView seen, Blinding how);

}  // namespace attn
