// What a model with token gates (ModelConfig::token_gates) let through: the hooks see z = g · (P V) behind
// the gate, the pattern and the values before it.
#pragma once

#include "attn/base/tensor.hpp"

namespace attn {

// g: [B, T, H] from z: [B, T, H, d_v], pattern: [B, H, T, S], v: [B, S, H_kv, d_v]; 1 where P V is nothing,
// for any gate would do there.
Tensor token_gates(ConstView z, ConstView pattern, ConstView v);

}  // namespace attn
