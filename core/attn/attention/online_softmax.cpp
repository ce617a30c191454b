#include "attn/attention/online_softmax.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attn/math/vector.hpp"

namespace attn {

OnlineRow::OnlineRow(Index width)
    : maximum(-std::numeric_limits<Real>::infinity()),
      denominator(0),
      weighted(static_cast<std::size_t>(width), Real(0)) {}

// #region online-softmax
void OnlineRow::absorb(const Real* scores, ConstMatrix values) {
  const Index n = values.rows;
  const Real m = std::max(maximum, vec::max(scores, n));
  if (m == -std::numeric_limits<Real>::infinity()) return;  // masked keys only: they weigh nothing
  if (m > maximum && denominator > 0) {
    // Every old term was e^(s - maximum); one factor rebases them all.
    const Real factor = std::exp(maximum - m);
    denominator *= factor;
    for (Real& o : weighted) o *= factor;
    ++rescales;
  }
  maximum = m;
  for (Index j = 0; j < n; ++j) {
    const Real weight = std::exp(scores[j] - m);
    denominator += weight;
    vec::axpy(weight, &values(j, 0), weighted.data(), values.cols);
  }
}

void OnlineRow::merge(const OnlineRow& other) {
  if (other.denominator == 0) return;
  const Real m = std::max(maximum, other.maximum);
  const Real mine = denominator == 0 ? Real(0) : std::exp(maximum - m), theirs = std::exp(other.maximum - m);
  maximum = m;
  denominator = denominator * mine + other.denominator * theirs;
  for (std::size_t i = 0; i < weighted.size(); ++i)
    weighted[i] = weighted[i] * mine + other.weighted[i] * theirs;
}
// #endregion

std::vector<Real> OnlineRow::read() const {
  std::vector<Real> y = weighted;
  if (denominator > 0)
    for (Real& x : y) x /= denominator;
  return y;
}

// #region tiled-attention
TiledAttention tiled_attention(ConstMatrix q, ConstMatrix k, ConstMatrix v, Real scale, TileSizes tiles) {
  if (q.cols != k.cols || k.rows != v.rows || tiles.queries < 1 || tiles.keys < 1)
    throw ShapeError("tiled_attention: q, k, v do not chain, or a tile is empty");
  TiledAttention out{Tensor(Shape{q.rows, v.cols}), {}, 0};
  std::vector<Real> scores(static_cast<std::size_t>(tiles.queries * tiles.keys));
  for (Index i = 0; i < q.rows; i += tiles.queries) {
    const Index rows = std::min(tiles.queries, q.rows - i);
    std::vector<OnlineRow> state(static_cast<std::size_t>(rows), OnlineRow(v.cols));
    out.traffic.read += rows * q.cols;
    for (Index j = 0; j < k.rows; j += tiles.keys) {
      const Index keys = std::min(tiles.keys, k.rows - j);
      const ConstMatrix kt(&k(j, 0), keys, k.cols, k.row_stride), vt(&v(j, 0), keys, v.cols, v.row_stride);
      out.traffic.read += keys * (k.cols + v.cols);
      matmul(Matrix(scores.data(), rows, keys), ConstMatrix(&q(i, 0), rows, q.cols, q.row_stride),
             kt.transposed(), Store::overwrite, scale);
      for (Index r = 0; r < rows; ++r)
        state[static_cast<std::size_t>(r)].absorb(scores.data() + r * keys, vt);
    }
    for (Index r = 0; r < rows; ++r) {
      const OnlineRow& row = state[static_cast<std::size_t>(r)];
      const std::vector<Real> y = row.read();
      vec::copy(y.data(), out.output.data.data() + (i + r) * v.cols, v.cols);
      out.rescales += row.rescales;
    }
    out.traffic.written += rows * v.cols;
  }
  return out;
}
// #endregion

Traffic untiled_traffic(Index queries, Index keys, Index width, Index value_width) {
  const Index map = queries * keys;
  return {(queries + keys) * width + map + map + keys * value_width,  // Q, K; S; P, V
          map + map + queries * value_width};                         // S, P, Y
}

}  // namespace attn
