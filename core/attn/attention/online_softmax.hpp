// Exact attention read tile by tile: the n×n map never exists. The online normaliser is of Milakov &
// Gimelshein 2018 (arXiv 1805.02867), the schedule of Dao 2023, FlashAttention-2, Algorithm 1 (arXiv
// 2307.08691).
#pragma once

#include <vector>

#include "attn/math/matmul.hpp"

namespace attn {

// What is known of one query's row after some of its keys, in any order: m = max s, l = Σ e^(s - m),
// o = Σ e^(s - m) v, not yet divided. Before the first key m = -inf, l = 0, o = 0.
struct OnlineRow {
  Real maximum, denominator;
  std::vector<Real> weighted;  // o, [d_v]
  Index rescales = 0;          // how often a new maximum made the old sums smaller

  explicit OnlineRow(Index width);
  // The next keys of this row: their scores [n] and values [n, d_v].
  void absorb(const Real* scores, ConstMatrix values);
  // ⊕: what two disjoint sets of keys know together. Associative and commutative up to rounding.
  void merge(const OnlineRow& other);
  // y = o / l; zeros when there was no key.
  std::vector<Real> read() const;
};

// Numbers that cross the border between a large slow memory and a small fast one.
struct Traffic {
  Index read = 0, written = 0;
  Index total() const { return read + written; }
};

struct TiledAttention {
  Tensor output;  // [T, d_v]
  Traffic traffic;
  Index rescales = 0;  // over all rows
};

struct TileSizes {
  Index queries, keys;  // rows of Q, rows of K and V that are in the fast memory together
};

// q: [T, d], k: [S, d], v: [S, d_v]. Every block of K and V is brought once per block of queries; scores and
// weights stay in the fast memory.
TiledAttention tiled_attention(ConstMatrix q, ConstMatrix k, ConstMatrix v, Real scale, TileSizes tiles);

// The traffic of the three-step way, S = QKᵀ, P = softmax S, Y = PV, each result written and read back (Dao
// et al. 2022, FlashAttention, Algorithm 0).
Traffic untiled_traffic(Index queries, Index keys, Index width, Index value_width);

}  // namespace attn
