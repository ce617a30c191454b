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
