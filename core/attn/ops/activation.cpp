#include "attn/ops/activation.hpp"

#include "attn/math/vector.hpp"

namespace attn {
namespace {

constexpr Real kSlope = Real(0.79788456080286535588);  // √(2/π)
constexpr Real kCubic = Real(0.044715);

// work = tanh(√(2/π) (x + 0.044715 x³))
void gelu_tanh(const Real* x, Real* work, Index n) {
  for (Index i = 0; i < n; ++i) work[i] = kSlope * (x[i] + kCubic * x[i] * x[i] * x[i]);
  vec::tanh(work, work, n);
}

}  // namespace

void activation_forward(Activation f, Real* y, const Real* x, Index n) {
  switch (f) {
    case Activation::gelu:
      gelu_tanh(x, y, n);
      for (Index i = 0; i < n; ++i) y[i] = Real(0.5) * x[i] * (1 + y[i]);
      return;
    case Activation::gelu_exact: vec::normal_cdf(x, y, n); return vec::multiply(x, y, y, n);
    case Activation::relu:
      for (Index i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : 0;
      return;
    case Activation::silu: vec::sigmoid(x, y, n); return vec::multiply(x, y, y, n);
  }
}

void activation_backward(Activation f, Real* dx, const Real* dy, const Real* x, Real* work, Index n) {
  switch (f) {
    case Activation::gelu:  // with t = tanh(u): y = 0.5 x (1 + t), y' = 0.5 (1 + t) + 0.5 x (1 - t²) u'
      gelu_tanh(x, work, n);
      for (Index i = 0; i < n; ++i) {
        const Real t = work[i], slope = kSlope * (1 + 3 * kCubic * x[i] * x[i]);
        dx[i] += dy[i] * Real(0.5) * (1 + t + x[i] * (1 - t * t) * slope);
      }
      return;
    case Activation::gelu_exact:  // y = x Φ(x), y' = Φ(x) + x φ(x)
      vec::normal_cdf(x, work, n);
      vec::multiply_add(dy, work, dx, n);
      vec::normal_pdf(x, work, n);
      for (Index i = 0; i < n; ++i) dx[i] += dy[i] * x[i] * work[i];
      return;
    case Activation::relu:
      for (Index i = 0; i < n; ++i) dx[i] += x[i] > 0 ? dy[i] : 0;
      return;
    case Activation::silu:  // y = x s with s = σ(x), y' = s + x s (1 - s)
      vec::sigmoid(x, work, n);
      for (Index i = 0; i < n; ++i) dx[i] += dy[i] * work[i] * (1 + x[i] * (1 - work[i]));
      return;
  }
}

Var activation(Tape& tape, Activation f, Var x) {
  const Shape shape = tape.value(x).shape;
  const Var out = tape.result(shape, tape.needs_grad(x));
  activation_forward(f, tape.mutable_value(out).data, tape.value(x).data, shape.size());
  tape.on_backward(out, [f, x, out](Tape& t) {
    const View dy = t.grad(out), work = t.scratch(dy.shape);
    activation_backward(f, t.grad(x).data, dy.data, t.value(x).data, work.data, dy.size());
  });
  return out;
}

namespace {

// y = f(x) whose gradient follows from y alone: dx = back(dy, y).
template <class Back>
Var saturating(Tape& tape, Var x, void (*f)(const Real*, Real*, Index), Back back) {
  const Shape shape = tape.value(x).shape;
  const Var out = tape.result(shape, tape.needs_grad(x));
  f(tape.value(x).data, tape.mutable_value(out).data, shape.size());
  tape.on_backward(out, [x, out, back](Tape& t) {
    const ConstView y = t.value(out), dy = t.grad(out);
    const View dx = t.grad(x);
    for (Index i = 0; i < y.size(); ++i) dx[i] += back(dy[i], y[i]);
  });
  return out;
}

}  // namespace

Var sigmoid(Tape& tape, Var x) {
  return saturating(tape, x, vec::sigmoid, [](Real dy, Real y) { return dy * y * (1 - y); });
}

Var tanh(Tape& tape, Var x) {
  return saturating(tape, x, vec::tanh, [](Real dy, Real y) { return dy * (1 - y * y); });
}

Var multiply(Tape& tape, Var a, Var b) {
  const Shape shape = tape.value(a).shape;
  expect_shape("multiply", tape.value(b).shape, shape);
  const Var out = tape.result(shape, tape.needs_grad(a) || tape.needs_grad(b));
  vec::multiply(tape.value(a).data, tape.value(b).data, tape.mutable_value(out).data, shape.size());
  tape.on_backward(out, [a, b, out](Tape& t) {
    // forward: out = a ∘ b
    const View dy = t.grad(out);
    if (t.needs_grad(a)) vec::multiply_add(dy.data, t.value(b).data, t.grad(a).data, dy.size());
    if (t.needs_grad(b)) vec::multiply_add(dy.data, t.value(a).data, t.grad(b).data, dy.size());
  });
  return out;
}

}  // namespace attn
