#include "attn/attention/rotary.hpp"

#include <algorithm>
#include <cmath>

namespace attn {

void rotate(Real* y, const Real* x, const Real* cosine, const Real* sine, Index pairs, Index width,
            RotaryPairs layout) {
  const bool half = layout == RotaryPairs::half;
  for (Index i = 0; i < pairs; ++i) {
    const Index first = half ? i : 2 * i, second = half ? i + pairs : 2 * i + 1;
    const Real a = x[first], b = x[second];
    y[first] = a * cosine[i] - b * sine[i];
    y[second] = a * sine[i] + b * cosine[i];
  }
  if (y != x) std::copy(x + 2 * pairs, x + width, y + 2 * pairs);
}

void rotary_table(View cosine, View sine, Index first, Real base, Real scaling) {
  const Index tokens = cosine.shape[0], pairs = cosine.shape[1];
  for (Index i = 0; i < pairs; ++i) {
    const double frequency = std::pow(static_cast<double>(base), -static_cast<double>(i) / pairs) / scaling;
    for (Index t = 0; t < tokens; ++t) {
      const double angle = static_cast<double>(first + t) * frequency;
      cosine[t * pairs + i] = static_cast<Real>(std::cos(angle));
      sine[t * pairs + i] = static_cast<Real>(std::sin(angle));
    }
  }
}

}  // namespace attn
