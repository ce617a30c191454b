// A factor in front of every head: z_h <- g_h z_h (Voita et al. 2019, eq. 4; Michel et al. 2019, eq. 1), or
// one for each token of it (Qiu et al. 2025).
#pragma once

#include "attn/ops/tape.hpp"

namespace attn {

// z: [B, T, H, d], gate: [H] or [B, T, H] -> [B, T, H, d].
Var gate_heads(Tape& tape, Var z, Var gate);

}  // namespace attn
