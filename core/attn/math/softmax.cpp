#include "attn/math/softmax.hpp"

#include <cmath>
#include <limits>

#include "attn/math/elementary.hpp"
#include "attn/math/vector.hpp"

namespace attn {

void vector_exp(const Real* x, Real* y, Index n) {
  detail::map([](const detail::Wide& v) { return detail::exp(v); }, x, y, n);
}

// #region softmax-row
void softmax_row(Real* x, Index n, Real null) {
  constexpr Real minus_infinity = -std::numeric_limits<Real>::infinity();
  Real m = vec::max(x, n);
  if (null > m) m = null;
  if (m == minus_infinity) return vec::fill(0, x, n);  // nothing to attend to (or nothing at all)
  detail::map([m](const detail::Wide& v) { return detail::exp(v - m); }, x, x, n);
  Real total = vec::sum(x, n);
  if (null > minus_infinity) total += std::exp(null - m);  // what is given to nobody
  vec::scale(1 / total, x, x, n);
}
// #endregion softmax-row

Real log_sum_exp(const Real* x, Index n) {
  const Real m = vec::max(x, n);
  if (std::isinf(m)) return m;  // every term is zero, or one is infinite
  constexpr Index block = 64;
  Real e[block], total = 0;
  for (Index i = 0; i < n; i += block) {
    const Index count = n - i < block ? n - i : block;
    detail::map([m](const detail::Wide& v) { return detail::exp(v - m); }, x + i, e, count);
    total += vec::sum(e, count);
  }
  return m + std::log(total);
}

}  // namespace attn
