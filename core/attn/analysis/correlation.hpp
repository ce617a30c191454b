// How well two lists of numbers agree.
#pragma once

#include <cstddef>
#include <vector>

#include "attn/base/real.hpp"

namespace attn {

// Pearson's r; NaN if either list is constant. Lists of different lengths throw.
Real pearson(const std::vector<Real>& x, const std::vector<Real>& y);

// Ranks 1..n; equal values share the mean of their ranks, and NaN has none: NaN.
std::vector<Real> ranks(const std::vector<Real>& x);

// Spearman's ρ: Pearson's r of the ranks.
Real spearman(const std::vector<Real>& x, const std::vector<Real>& y);

// Kendall's τ_b: pairs that both lists order alike less those they order contrary, over the geometric mean of
// the pairs that each orders at all. NaN if either list is constant.
double kendall(const double* x, const double* y, std::size_t n);

}  // namespace attn
