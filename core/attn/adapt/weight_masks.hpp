// Which single weights to drop: by size alone, or by size times the input they meet (Sun et al. 2023, "A
// Simple and Effective Pruning Approach for Large Language Models", eq. 1).
#pragma once

#include <vector>

#include "attn/math/matmul.hpp"

namespace attn {

// Keep-masks of a matrix that maps rows y = x·W, W: [in, out]; true stays. Of every output (a column) the
// ⌊fraction · in⌋ weights with the lowest score are dropped, ties from the first input on.
std::vector<bool> magnitude_mask(ConstMatrix w, Real fraction);  // |W_ij|
// |W_ij| · ‖X_i‖₂, X: [n, in]
std::vector<bool> wanda_mask(ConstMatrix w, ConstMatrix inputs, Real fraction);

// W with the dropped weights at exactly 0.
void apply_mask(Matrix w, const std::vector<bool>& mask);

}  // namespace attn
