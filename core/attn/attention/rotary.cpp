#include "attn/attention/rotary.hpp"

#include <algorithm>
#include <cmath>

namespace attn {
namespace {

constexpr double tau = 6.283185307179586;

// #region rotary-bands
// The pair, as a real number, that turns so many times within the context: where base^(-2i/r) L = 2π turns.
double pair_of_turns(double turns, const RotaryLadder& ladder, Index pairs) {
  const double length = static_cast<double>(ladder.bands.original);
  return static_cast<double>(pairs) * std::log(length / (turns * tau)) /
         std::log(static_cast<double>(ladder.base));
}

// How much of a pair's own frequency is kept: 0 slowed down, 1 as it was.
double kept_share(const RotaryLadder& ladder, double frequency, Index i, Index pairs) {
  const RotaryBands& b = ladder.bands;
  if (!b.original) return 0;
  if (b.ramp == RotaryRamp::turns) {
    const double turns = static_cast<double>(b.original) * frequency / tau;
    return std::clamp((turns - b.low) / (static_cast<double>(b.high) - b.low), 0.0, 1.0);
  }
  const double last = static_cast<double>(2 * pairs - 1);  // r - 1, as in the authors' code
  const double from = std::max(std::floor(pair_of_turns(b.high, ladder, pairs)), 0.0);
  const double to = std::min(std::ceil(pair_of_turns(b.low, ladder, pairs)), last);
  return 1 - std::clamp((static_cast<double>(i) - from) / std::max(to - from, 0.001), 0.0, 1.0);
}
// #endregion rotary-bands

}  // namespace

// #region rotary-turn
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
// #endregion rotary-turn

void rotate_backward(Real* dx, const Real* dy, const Real* cosine, const Real* sine, Index pairs, Index width,
                     RotaryPairs layout) {
  // forward: y_a = a cos - b sin, y_b = a sin + b cos
  const bool half = layout == RotaryPairs::half;
  for (Index i = 0; i < pairs; ++i) {
    const Index first = half ? i : 2 * i, second = half ? i + pairs : 2 * i + 1;
    dx[first] += dy[first] * cosine[i] + dy[second] * sine[i];
    dx[second] += dy[second] * cosine[i] - dy[first] * sine[i];
  }
  for (Index i = 2 * pairs; i < width; ++i) dx[i] += dy[i];
}

// #region rotary-ladder
double rotary_frequency(const RotaryLadder& ladder, Index i, Index pairs) {
  if (ladder.kept && i >= ladder.kept) return 0;
  const double full = std::pow(static_cast<double>(ladder.base), -static_cast<double>(i) / pairs);
  const double keep = kept_share(ladder, full, i, pairs);
  return (1 - keep) * full / ladder.scaling + keep * full;
}

double ntk_base(double base, double factor, Index width) {
  return base * std::pow(factor, static_cast<double>(width) / static_cast<double>(width - 2));
}

RotaryLadder extended(RotaryLadder trained, RotaryExtension how, Real factor, Index context, Index width) {
  switch (how) {
    case RotaryExtension::none: break;
    case RotaryExtension::linear: trained.scaling = factor; break;
    case RotaryExtension::ntk: trained.base = static_cast<Real>(ntk_base(trained.base, factor, width)); break;
    case RotaryExtension::yarn:
      trained.scaling = factor;
      trained.bands = {1, 32, context, RotaryRamp::pairs};
      trained.magnitude = static_cast<Real>(0.1 * std::log(static_cast<double>(factor)) + 1);
  }
  return trained;
}
// #endregion rotary-ladder

void rotary_table(View cosine, View sine, Index first, const RotaryLadder& ladder) {
  const Index tokens = cosine.shape[0], pairs = cosine.shape[1];
  const double magnitude = ladder.magnitude;
  for (Index i = 0; i < pairs; ++i) {
    const double frequency = rotary_frequency(ladder, i, pairs);
    for (Index t = 0; t < tokens; ++t) {
      const double angle = static_cast<double>(first + t) * frequency;
      cosine[t * pairs + i] = static_cast<Real>(magnitude * std::cos(angle));
      sine[t * pairs + i] = static_cast<Real>(magnitude * std::sin(angle));
    }
  }
}

Var rotary(Tape& tape, Var x, ConstView cosine, ConstView sine, RotaryPairs layout) {
  const Shape shape = tape.value(x).shape;
  const Index width = shape[3], heads = shape[2], length = shape[1], pairs = cosine.shape[1];
  if (2 * pairs > width || cosine.shape[0] != length)
    throw ShapeError("rotary: tables " + to_string(cosine.shape) + " for " + to_string(shape));
  const Var out = tape.result(shape, tape.needs_grad(x));
  const Index vectors = shape[0] * length * heads;
  const Real* from = tape.value(x).data;
  Real* to = tape.mutable_value(out).data;
  for (Index i = 0; i < vectors; ++i) {
    const Index row = i / heads % length * pairs;
    rotate(to + i * width, from + i * width, cosine.data + row, sine.data + row, pairs, width, layout);
  }
  tape.on_backward(out, [=](Tape& t) {
    const Real* dy = t.grad(out).data;
    Real* dx = t.grad(x).data;
    for (Index i = 0; i < vectors; ++i) {
      const Index row = i / heads % length * pairs;
      rotate_backward(dx + i * width, dy + i * width, cosine.data + row, sine.data + row, pairs, width,
                      layout);
    }
  });
  return out;
}

}  // namespace attn
