// Positions as a bias on the scores, [H, T, S]: ALiBi (Press et al. 2021) and T5 (Raffel et al. 2020).
#pragma once

#include "attn/ops/tape.hpp"

namespace attn {

// Slopes m_h: 2^(-8 h / H) for h = 1..H when H is a power of two; else those of the power below,
// and every other one of the next (Press et al. 2021, section 3 and their code).
void alibi_slopes(View slopes);  // [H]

// bias[h, i, j] = -m_h |past + i - j|.
void alibi_bias(View bias, ConstView slopes, Index past);

// T5's bucket of a relative position key - query: half of the buckets for exact distances, the rest
// growing logarithmically up to max_distance (mesh_tensorflow and HF T5, _relative_position_bucket).
Index t5_bucket(Index relative, bool bidirectional, Index buckets, Index max_distance);

// table: [buckets, H] -> [H, T, S] with bias[h, i, j] = table[bucket(j - past - i), h].
Var t5_bias(Tape& tape, Var table, Index queries, Index keys, Index past, bool bidirectional,
            Index max_distance);

}  // namespace attn
