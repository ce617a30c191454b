// Which keys a query may see. Causality, a sliding window and padding each allow an interval
// of keys, so together they do too; arbitrary masks are a bias (see add_bias).
#pragma once

#include "attn/math/matmul.hpp"

namespace attn {

struct KeyRange {
  Index begin = 0, end = 0;  // keys j with begin <= j < end
};

struct KeyMask {
  bool causal = false;
  Index past = 0;  // query i stands at position past + i: bottom-right alignment when S = past + T
  Index left = -1, right = -1;     // window: keys in [position - left, position + right]; -1: unbounded
  const Index* lengths = nullptr;  // [B]: keys at or beyond lengths[b] are padding; null: none are

  // The keys that query row i of sequence b sees, of `keys` in all.
  KeyRange row(Index b, Index i, Index keys) const;
};

// What causality says of a head's map before anything is computed: columns right of row i + past are zero.
// Products leave that work out where nothing else can stand there.
struct Causal {
  bool known = false;
  Index past = 0;
  Triangle zeros(Triangle::Of of) const { return known ? Triangle{of, past} : Triangle{}; }
};

// s: [T, S] of sequence b; scores of unseen keys become -inf.
void mask_scores(Matrix s, const KeyMask& mask, Index b);

// s += bias, both [T, S]: position biases, additive masks (-inf forbids a key).
void add_bias(Matrix s, ConstMatrix bias);

}  // namespace attn
