// Soft-capped scores: s <- c · tanh(s / c), so that |s| < c (Gemma 2, Gemma Team 2024, section 2).
#pragma once

#include "attn/math/matmul.hpp"

namespace attn {

// In place over s: [T, S]; cap > 0.
void softcap(Matrix s, Real cap);

// In place over ds; `capped` is what softcap() left: d tanh(x) = 1 - tanh²(x).
void softcap_backward(Matrix ds, ConstMatrix capped, Real cap);

}  // namespace attn
