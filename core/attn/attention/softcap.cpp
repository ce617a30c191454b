#include "attn/attention/softcap.hpp"

#include <cmath>

namespace attn {

// #region softcap
void softcap(Matrix s, Real cap) {
  const Real inverse = 1 / cap;
  for (Index i = 0; i < s.rows; ++i) {
    Real* row = &s(i, 0);
    for (Index j = 0; j < s.cols; ++j) row[j] = cap * std::tanh(row[j] * inverse);
  }
}

void softcap_backward(Matrix ds, ConstMatrix capped, Real cap) {
  // forward: y = c · tanh(s / c), so dy/ds = 1 - (y / c)²
  const Real inverse = 1 / cap;
  for (Index i = 0; i < ds.rows; ++i)
    for (Index j = 0; j < ds.cols; ++j) {
      const Real t = capped(i, j) * inverse;
      ds(i, j) *= 1 - t * t;
    }
}
// #endregion softcap

}  // namespace attn
