// The last rows of some sequences, side by side: what is left to compute when the loss asks about them alone.
#pragma once

#include "attn/ops/tape.hpp"

namespace attn {

// x [B, T, D] -> [1, R, D]. Sequence b gives its last starts[b + 1] - starts[b] rows, which become rows
// starts[b], ... of the result; R = starts[B]. starts: B + 1 row numbers from 0 upwards, borrowed (the
// cu_seqlens of FlashAttention's ragged batches). Throws if a sequence has no T rows to give.
Var tails(Tape& tape, Var x, const Index* starts);

}  // namespace attn
