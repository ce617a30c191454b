#include "attn/attention/bias.hpp"

#include <algorithm>
#include <cmath>

namespace attn {

// #region score-bias
void alibi_slopes(View slopes) {
  const Index heads = slopes.size();
  Index power = 1;
  while (2 * power <= heads) power *= 2;
  for (Index h = 0; h < heads; ++h) {
    // The first `power` heads take the series of that many, the others the odd terms of the next series.
    const double exponent = h < power
                                ? 8.0 * static_cast<double>(h + 1) / static_cast<double>(power)
                                : 4.0 * static_cast<double>(2 * (h - power) + 1) / static_cast<double>(power);
    slopes[h] = static_cast<Real>(std::pow(2.0, -exponent));
  }
}

void alibi_bias(View bias, ConstView slopes, Index past) {
  const Index queries = bias.shape[1], keys = bias.shape[2];
  Real* out = bias.data;
  for (Index h = 0; h < bias.shape[0]; ++h)
    for (Index i = 0; i < queries; ++i)
      for (Index j = 0; j < keys; ++j) *out++ = -slopes[h] * static_cast<Real>(std::abs(past + i - j));
}

Index t5_bucket(Index relative, bool bidirectional, Index buckets, Index max_distance) {
  Index first = 0, distance = 0;
  if (bidirectional) {
    buckets /= 2;
    first = relative > 0 ? buckets : 0;
    distance = std::abs(relative);
  } else {
    distance = std::max<Index>(-relative, 0);
  }
  const Index exact = buckets / 2;
  if (distance < exact) return first + distance;
  // In float, like the original: at exact powers the rounding decides the bucket.
  const float share = std::log(static_cast<float>(distance) / static_cast<float>(exact)) /
                      std::log(static_cast<float>(max_distance) / static_cast<float>(exact));
  const Index large = exact + static_cast<Index>(share * static_cast<float>(buckets - exact));
  return first + std::min(large, buckets - 1);
}
// #endregion score-bias

Var t5_bias(Tape& tape, Var table, Index queries, Index keys, Index past, bool bidirectional,
            Index max_distance) {
  const ConstView rows = tape.value(table);
  const Index buckets = rows.shape[0], heads = rows.shape[1];
  const Var out = tape.result({heads, queries, keys}, tape.needs_grad(table));
  Real* to = tape.mutable_value(out).data;
  const auto bucket = [=](Index i, Index j) {
    return t5_bucket(j - past - i, bidirectional, buckets, max_distance);
  };
  for (Index i = 0; i < queries; ++i)
    for (Index j = 0; j < keys; ++j)
      for (Index h = 0; h < heads; ++h) to[(h * queries + i) * keys + j] = rows[bucket(i, j) * heads + h];
  tape.on_backward(out, [=](Tape& t) {
    const View dtable = t.grad(table), dout = t.grad(out);
    for (Index i = 0; i < queries; ++i)
      for (Index j = 0; j < keys; ++j)
        for (Index h = 0; h < heads; ++h)
          dtable[bucket(i, j) * heads + h] += dout[(h * queries + i) * keys + j];
  });
  return out;
}

}  // namespace attn
