#include "attn/attention/mask.hpp"

#include <algorithm>
#include <limits>

namespace attn {

// #region key-range
KeyRange KeyMask::row(Index b, Index i, Index keys) const {
  const Index position = past + i;
  KeyRange seen{0, keys};
  if (lengths) seen.end = std::min(seen.end, lengths[b]);
  if (causal) seen.end = std::min(seen.end, position + 1);
  // A window may be as wide as the type goes ("unbounded" of many exporters): compare, then add.
  if (right >= 0 && right < keys - position) seen.end = std::min(seen.end, position + right + 1);
  if (left >= 0 && left < position) seen.begin = position - left;
  seen.end = std::max<Index>(seen.end, 0);
  seen.begin = std::min(seen.begin, seen.end);
  return seen;
}
// #endregion

void mask_scores(Matrix s, const KeyMask& mask, Index b) {
  const Real forbidden = -std::numeric_limits<Real>::infinity();
  for (Index i = 0; i < s.rows; ++i) {
    const KeyRange seen = mask.row(b, i, s.cols);
    Real* row = s.data + i * s.row_stride;
    std::fill(row, row + seen.begin, forbidden);
    std::fill(row + seen.end, row + s.cols, forbidden);
  }
}

void add_bias(Matrix s, ConstMatrix bias) {
  for (Index i = 0; i < s.rows; ++i) {
    Real* row = s.data + i * s.row_stride;
    const Real* add = bias.data + i * bias.row_stride;
    for (Index j = 0; j < s.cols; ++j) row[j] += add[j];
  }
}

}  // namespace attn
