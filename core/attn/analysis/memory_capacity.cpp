#include "attn/analysis/memory_capacity.hpp"

#include <cmath>
#include <vector>

#include "attn/attention/fast_weights.hpp"
#include "attn/math/random.hpp"
#include "attn/math/softmax.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

void to_unit_length(Real* x, Index n) { vec::scale(1 / std::sqrt(vec::sum_squares(x, n)), x, x, n); }

Tensor unit_rows(Index rows, Index n, Rng& rng) {
  Tensor t(Shape{rows, n});
  fill_normal(t, rng, 1);
  for (Index r = 0; r < rows; ++r) to_unit_length(t.data.data() + r * n, n);
  return t;
}

// Keys of length one, √c of each along a direction that all share.
Tensor alike_keys(const CapacityConfig& c, Rng& rng) {
  Tensor keys = unit_rows(c.keys, c.width, rng);
  const Tensor common = unit_rows(1, c.width, rng);
  for (Index i = 0; i < c.keys; ++i) {
    Real* k = keys.data.data() + i * c.width;
    vec::scale(std::sqrt(1 - c.similarity), k, k, c.width);
    vec::axpy(std::sqrt(c.similarity), common.data.data(), k, c.width);
    to_unit_length(k, c.width);
  }
  return keys;
}

struct Trial {
  Tensor keys, codebook;
  std::vector<Index> order;   // [writes] which key
  std::vector<Index> values;  // [writes] which codeword
  std::vector<Index> last;    // [keys] the codeword bound last
};

Trial draw_trial(const CapacityConfig& c, Rng& rng) {
  Trial t;
  t.keys = alike_keys(c, rng);
  t.codebook = unit_rows(c.codebook, c.width, rng);
  t.last.assign(static_cast<std::size_t>(c.keys), -1);
  for (Index version = 0; version < c.versions; ++version)
    for (const Index key : permutation(c.keys, rng)) {
      Index& last = t.last[static_cast<std::size_t>(key)];
      const Index other = rng.below(c.codebook - (last >= 0 ? 1 : 0));
      last = last >= 0 && other >= last ? other + 1 : other;  // never the value that it has
      t.order.push_back(key);
      t.values.push_back(last);
    }
  return t;
}

Index nearest(const Tensor& codebook, const Real* y) {
  const Index n = codebook.shape[1];
  Index best = 0;
  Real most = vec::dot(codebook.data.data(), y, n);
  for (Index i = 1; i < codebook.shape[0]; ++i)
    if (const Real x = vec::dot(codebook.data.data() + i * n, y, n); x > most) most = x, best = i;
  return best;
}

// What stands in the memory's place where the past was kept: y = Σ softmax(sharpness q·k_s - slope age) v_s.
void read_log(const Trial& t, const CapacityConfig& c, const Real* q, Real slope, std::vector<Real>& weights,
              Real* y) {
  const Index writes = static_cast<Index>(t.order.size());
  for (Index s = 0; s < writes; ++s)
    weights[static_cast<std::size_t>(s)] =
        c.sharpness *
            vec::dot(q, t.keys.data.data() + t.order[static_cast<std::size_t>(s)] * c.width, c.width) -
        slope * static_cast<Real>(writes - 1 - s);
  softmax_row(weights.data(), writes);
  vec::fill(0, y, c.width);
  for (Index s = 0; s < writes; ++s)
    vec::axpy(weights[static_cast<std::size_t>(s)],
              t.codebook.data.data() + t.values[static_cast<std::size_t>(s)] * c.width, y, c.width);
}

WriteRule rule_of(MemoryKind kind, const CapacityConfig& c) {
  if (kind == MemoryKind::decayed) return {c.alpha, 1, false};
  if (kind == MemoryKind::delta) return {1, c.beta, true};
  return {};
}

Index right_answers(const Trial& t, const CapacityConfig& c, MemoryKind kind) {
  const bool log = kind == MemoryKind::softmax || kind == MemoryKind::softmax_recent;
  std::vector<Real> state(static_cast<std::size_t>(c.width * c.width), Real(0)),
      y(static_cast<std::size_t>(c.width)), weights(t.order.size());
  const Matrix s(state.data(), c.width, c.width);
  const auto key = [&](Index i) { return t.keys.data.data() + i * c.width; };
  if (!log)
    for (std::size_t w = 0; w < t.order.size(); ++w)
      write_state(s, key(t.order[w]), t.codebook.data.data() + t.values[w] * c.width, rule_of(kind, c));
  Index right = 0;
  for (Index i = 0; i < c.keys; ++i) {
    if (log)
      read_log(t, c, key(i), kind == MemoryKind::softmax ? Real(0) : c.slope, weights, y.data());
    else
      read_state(key(i), s, y.data());
    right += nearest(t.codebook, y.data()) == t.last[static_cast<std::size_t>(i)];
  }
  return right;
}

}  // namespace

Tensor memory_capacity(const CapacityConfig& c) {
  if (c.keys < 1 || c.width < 1 || c.versions < 1 || c.codebook < 2 || c.trials < 1)
    throw ShapeError("memory_capacity: a count below its least");
  Tensor share(Shape{memory_kinds});
  for (Index i = 0; i < c.trials; ++i) {
    Rng rng(c.seed, static_cast<std::uint64_t>(i));
    const Trial trial = draw_trial(c, rng);
    for (int kind = 0; kind < memory_kinds; ++kind)
      share.data[static_cast<std::size_t>(kind)] +=
          static_cast<Real>(right_answers(trial, c, static_cast<MemoryKind>(kind)));
  }
  for (Real& x : share.data) x /= static_cast<Real>(c.keys * c.trials);
  return share;
}

}  // namespace attn
