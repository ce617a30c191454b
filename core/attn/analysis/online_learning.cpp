#include "attn/analysis/online_learning.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "attn/attention/fast_weights.hpp"
#include "attn/math/random.hpp"
#include "attn/math/softmax.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

void unit(Real* x, Index n, Rng& rng) {
  fill_normal(View(x, Shape{n}), rng, 1);
  vec::scale(1 / std::sqrt(vec::sum_squares(x, n)), x, x, n);
}

struct Pairs {
  Tensor keys, values, probes, truth;  // [T, d] each
};

// M has independent entries of variance 1/d, so that ‖M k‖ is near 1 for a key of length one.
Pairs draw_stream(const StreamConfig& c, Rng& rng) {
  const Index d = c.width, T = c.tokens;
  Tensor maps(Shape{2, d, d});
  fill_normal(maps, rng, 1 / std::sqrt(static_cast<Real>(d)));
  Pairs s{Tensor(Shape{T, d}), Tensor(Shape{T, d}), Tensor(Shape{T, d}), Tensor(Shape{T, d})};
  Tensor noise(Shape{T, d});
  fill_normal(noise, rng, c.noise / std::sqrt(static_cast<Real>(d)));
  for (Index t = 0; t < T; ++t) {
    const ConstMatrix m = as_matrix(std::as_const(maps).view().sub(t < c.change ? 0 : 1));
    unit(s.keys.data.data() + t * d, d, rng), unit(s.probes.data.data() + t * d, d, rng);
    read_state(s.keys.data.data() + t * d, m, s.values.data.data() + t * d);
    read_state(s.probes.data.data() + t * d, m, s.truth.data.data() + t * d);
    vec::accumulate(noise.data.data() + t * d, s.values.data.data() + t * d, d);
  }
  return s;
}

WriteRule rule_of(Learner kind, const StreamConfig& c) {
  switch (kind) {
    case Learner::decayed: return {c.alpha, 1, false};
    case Learner::delta: return {1, c.beta, true};
    case Learner::gated: return {c.alpha, c.beta, true};
    default: return {};
  }
}

// How much of the stream a sum holds after t writes: Σ α^i.
Real held(Learner kind, const StreamConfig& c, Index t) {
  if (kind != Learner::decayed || c.alpha == 1) return static_cast<Real>(t);
  return (1 - std::pow(c.alpha, static_cast<Real>(t))) / (1 - c.alpha);
}

void read_window(const Pairs& s, const StreamConfig& c, Index t, std::vector<Real>& weights, Real* y) {
  const Index d = c.width, from = std::max<Index>(0, t - c.window), n = t - from;
  const Real* probe = s.probes.data.data() + t * d;
  vec::fill(0, y, d);
  for (Index i = 0; i < n; ++i)
    weights[static_cast<std::size_t>(i)] =
        c.sharpness * vec::dot(probe, s.keys.data.data() + (from + i) * d, d);
  softmax_row(weights.data(), n);
  for (Index i = 0; i < n; ++i)
    vec::axpy(weights[static_cast<std::size_t>(i)], s.values.data.data() + (from + i) * d, y, d);
}

// Adds one stream's errors to `out`, [T].
void run(Learner kind, const StreamConfig& c, const Pairs& s, Real* out) {
  const Index d = c.width;
  std::vector<Real> state(static_cast<std::size_t>(d * d), Real(0)), y(static_cast<std::size_t>(d)),
      weights(static_cast<std::size_t>(c.window));
  const Matrix m(state.data(), d, d);
  const bool sum = kind == Learner::additive || kind == Learner::decayed;
  for (Index t = 0; t < c.tokens; ++t) {
    if (kind == Learner::window) {
      read_window(s, c, t, weights, y.data());
    } else {
      read_state(s.probes.data.data() + t * d, m, y.data());
      if (sum && t > 0) vec::scale(static_cast<Real>(d) / held(kind, c, t), y.data(), y.data(), d);
    }
    const Real* truth = s.truth.data.data() + t * d;
    Real miss = 0;
    for (Index i = 0; i < d; ++i)
      miss += (y[static_cast<std::size_t>(i)] - truth[i]) * (y[static_cast<std::size_t>(i)] - truth[i]);
    out[t] += std::sqrt(miss / vec::sum_squares(truth, d));
    if (kind != Learner::window)
      write_state(m, s.keys.data.data() + t * d, s.values.data.data() + t * d, rule_of(kind, c));
  }
}

}  // namespace

Tensor online_errors(const StreamConfig& c) {
  if (c.width < 1 || c.tokens < 1 || c.window < 1 || c.trials < 1)
    throw ShapeError("online_errors: a count below one");
  Tensor errors(Shape{learner_kinds, c.tokens});
  for (Index i = 0; i < c.trials; ++i) {
    Rng rng(c.seed, static_cast<std::uint64_t>(i));
    const Pairs s = draw_stream(c, rng);
    for (int kind = 0; kind < learner_kinds; ++kind)
      run(static_cast<Learner>(kind), c, s, errors.data.data() + kind * c.tokens);
  }
  vec::scale(1 / static_cast<Real>(c.trials), errors.data.data(), errors.data.data(), errors.size());
  return errors;
}

}  // namespace attn
