// Smeared keys: k_j <- σ(α) k_j + (1 - σ(α)) k_{j-1}, one α per head (Olsson et al. 2022, "In-context
// Learning and Induction Heads", Argument 2): the previous-token step of an induction head, built in.
#pragma once

#include "attn/ops/tape.hpp"

namespace attn {

// k: [B, T, H, d], alpha: [H]. previous: [B, H, d], the key before the first one (a cache), or empty:
// the first key of a text has no predecessor and stays as it is.
Var smear_keys(Tape& tape, Var k, Var alpha, ConstView previous);

}  // namespace attn
