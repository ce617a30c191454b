// Which other attention rows would have carried the same? A head returns y = Σ_j α_j v_j, so every row
// ã ≥ 0 with ãᵀ[V 1] = αᵀ[V 1] returns it too (Brunner et al. 2020, arXiv 1908.04211, section 3: the left
// null space of the values). On the simplex these rows are a polytope; it is one point when [V 1] has rank N.
#pragma once

#include <vector>

#include "attn/math/matmul.hpp"

namespace attn {

struct RowFreedom {
  Index rank = 0;  // of [V 1]
  // N: least and greatest weight that key j may have; exact, a linear program each
  std::vector<double> low, high;
  std::vector<double> farthest;  // N: the farthest vertex that was found
  double distance = 0;  // of `farthest` in total variation, ½ Σ|ã - α|: the greatest is no less …
  double bound = 0;     // … and no more than this: min(Σ α - low, Σ high - α)
};

// alpha: N weights that sum to one; values: [N, d_v] in double, row-major. Values that differ from others by
// less than a part of 1e-7 count as dependent.
RowFreedom row_freedom(const std::vector<double>& alpha, const std::vector<double>& values, Index width);

// The values seen from their `count` most energetic directions, [N, count]: what is left to match when the
// rest of the output may change. count = d_v loses nothing.
std::vector<double> leading_directions(ConstMatrix values, Index count);

}  // namespace attn
