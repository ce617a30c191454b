// Weights in four bits: a block of weights shares one scale, and each weight becomes the number of the
// nearest of at most sixteen levels (Dettmers et al. 2023, "QLoRA", section 3).
#pragma once

#include <array>
#include <vector>

#include "attn/base/tensor.hpp"

namespace attn {

enum class FourBits {
  normal_float,  // NF4: quantiles of a normal distribution, with an exact zero; a table, not a float
  integer,       // INT4: -7/7 … 7/7
  floating,      // FP4 as in bitsandbytes: a sign, two bits of exponent, one of mantissa
};

// Ascending, in [-1, 1]; fifteen levels of INT4 and FP4, whose two zeros are one.
std::vector<Real> levels(FourBits code);

struct Quantised {
  std::vector<Real> values;      // de-quantised, as the forward pass sees them
  std::array<Index, 16> used{};  // how many weights fell to each level
  double squared_error = 0, squares = 0;
  Index blocks = 0;

  double relative_error() const;  // root of squared_error / squares
  double entropy() const;         // bits, of the levels' use
};

// Blocks of `block` weights in the order given. double_scales: the scales themselves, less their mean, in
// eight bits by blocks of 256 (here evenly spaced levels; bitsandbytes spaces them unevenly).
Quantised quantise(const Real* weights, Index n, FourBits code, Index block, bool double_scales = false);

// Storage: 4 bits, and a share of the scales of 32 bits, or of 8 bits with a scale of 32 bits for 256 of
// them.
double bits_per_weight(Index block, bool double_scales);

}  // namespace attn
