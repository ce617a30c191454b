#include "attn/attention/rotary.hpp"

#include <algorithm>
#include <cmath>

namespace attn {
namespace {

// How much of a pair's own frequency is kept: 0 slowed down, 1 as it was.
double kept_share(double frequency, const RotaryBands& bands) {
  if (!bands.original) return 0;
  constexpr double tau = 6.283185307179586;
  const double turns = static_cast<double>(bands.original) * frequency / tau;
  const double share = (turns - bands.low) / (static_cast<double>(bands.high) - bands.low);
  return std::clamp(share, 0.0, 1.0);
}

}  // namespace

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

void rotary_table(View cosine, View sine, Index first, Real base, Real scaling, const RotaryBands& bands) {
  const Index tokens = cosine.shape[0], pairs = cosine.shape[1];
  for (Index i = 0; i < pairs; ++i) {
    const double full = std::pow(static_cast<double>(base), -static_cast<double>(i) / pairs);
    const double keep = kept_share(full, bands);
    const double frequency = (1 - keep) * full / scaling + keep * full;
    for (Index t = 0; t < tokens; ++t) {
      const double angle = static_cast<double>(first + t) * frequency;
      cosine[t * pairs + i] = static_cast<Real>(std::cos(angle));
      sine[t * pairs + i] = static_cast<Real>(std::sin(angle));
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
