// Erasing what a linear probe could read, and as little else as possible (Belrose et al. 2023, "LEACE:
// Perfect linear concept erasure in closed form").
#pragma once

#include <vector>

#include "attn/base/tensor.hpp"
#include "attn/math/random.hpp"

namespace attn {

// x ← x − (x − mean) · removes
struct Eraser {
  std::vector<Real> mean;  // D
  Tensor removes;          // [D, D], a projection of rank `rank`
  Index rank = 0;          // dimensions that go
};

// On these rows no linear probe of the labels does better than a constant afterwards: every class has the
// mean of all. x: [N, D], labels: N of 0 .. classes - 1.
Eraser erase_labels(ConstView x, const std::vector<Index>& labels, Index classes);
// What is left to chance: as many dimensions, drawn at random where x is white.
Eraser erase_at_random(ConstView x, Index rank, Rng& rng);

void erase(const Eraser& eraser, View x);  // x: rows of D, in place

}  // namespace attn
