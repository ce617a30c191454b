#include "attn/ops/norm.hpp"

#include <cmath>

#include "attn/math/vector.hpp"

namespace attn {
namespace {

// The gain or bias of rows of n numbers; null if there is none.
[[gnu::noinline]] const Real* per_column(const Tape& tape, Var v, Index n) {
  if (!v.valid()) return nullptr;
  expect_shape("gain or bias of a norm", tape.value(v).shape, Shape{n});
  return tape.value(v).data;
}

}  // namespace

void layer_norm_row(Real* y, Real* statistics, const Real* x, const Real* gain, const Real* bias, Index n,
                    Real epsilon) {
  // 1. mean
  const Real mean = vec::sum(x, n) / static_cast<Real>(n);
  // 2. centred, and their mean square
  for (Index i = 0; i < n; ++i) y[i] = x[i] - mean;
  const Real inverse = 1 / std::sqrt(vec::sum_squares(y, n) / static_cast<Real>(n) + epsilon);
  // 3. unit variance
  for (Index i = 0; i < n; ++i) y[i] *= inverse;
  // 4. gain and bias
  if (gain) vec::multiply(y, gain, y, n);
  if (bias) vec::accumulate(bias, y, n);
  statistics[0] = mean;
  statistics[1] = inverse;
}

void layer_norm_row_backward(Real* dx, Store dx_store, Real* dgain, Real* dbias, const Real* dy,
                             const Real* x, const Real* statistics, const Real* gain, Index n) {
  const Real mean = statistics[0], inverse = statistics[1];
  // backward 4: y = x̂ ∘ g + b. The sums over the row that steps 3 and 2 need are taken on the way.
  Real sum = 0, projection = 0;  // Σ dx̂ and Σ dx̂ x̂
  for (Index i = 0; i < n; ++i) {
    const Real normal = (x[i] - mean) * inverse;
    const Real g = gain ? gain[i] * dy[i] : dy[i];
    if (dgain) dgain[i] += dy[i] * normal;
    if (dbias) dbias[i] += dy[i];
    sum += g;
    projection += g * normal;
  }
  if (!dx) return;
  sum /= static_cast<Real>(n);
  projection /= static_cast<Real>(n);
  // backward 3, 2, 1: x̂ = (x - μ) / √(σ² + ε): dx = (dx̂ - mean dx̂ - x̂ · mean(dx̂ x̂)) / √(σ² + ε)
  for (Index i = 0; i < n; ++i) {
    const Real normal = (x[i] - mean) * inverse;
    const Real g = gain ? gain[i] * dy[i] : dy[i];
    dx[i] = (dx_store == Store::add ? dx[i] : 0) + inverse * (g - sum - normal * projection);
  }
}

Real rms_row_factor(const Real* x, Index n, Real epsilon) {
  return 1 / std::sqrt(vec::sum_squares(x, n) / static_cast<Real>(n) + epsilon);
}

void rms_norm_row(Real* y, Real* statistics, const Real* x, const Real* gain, Index n, Real epsilon) {
  // 1. mean square
  const Real inverse = rms_row_factor(x, n, epsilon);
  // 2. unit mean square
  vec::scale(inverse, x, y, n);
  // 3. gain
  if (gain) vec::multiply(y, gain, y, n);
  statistics[0] = inverse;
}

void rms_norm_row_backward(Real* dx, Store dx_store, Real* dgain, const Real* dy, const Real* x,
                           const Real* statistics, const Real* gain, Index n) {
  const Real inverse = statistics[0];
  // backward 3: y = x̂ ∘ g
  if (dgain)
    for (Index i = 0; i < n; ++i) dgain[i] += dy[i] * x[i] * inverse;
  if (!dx) return;
  // backward 2, 1: x̂ = x r with r = 1 / √(mean x² + ε): dx = r dx̂ - x r³ · mean(dx̂ x)
  Real projection = 0;
  if (gain)
    for (Index i = 0; i < n; ++i) projection += gain[i] * dy[i] * x[i];
  else
    projection = vec::dot(dy, x, n);
  const Real back = -projection * inverse * inverse * inverse / static_cast<Real>(n);
  for (Index i = 0; i < n; ++i)
    dx[i] = (dx_store == Store::add ? dx[i] : 0) + (inverse * (gain ? gain[i] * dy[i] : dy[i]) + back * x[i]);
}

Var layer_norm(Tape& tape, Var x, Var gain, Var bias, Real epsilon) {
  const Shape shape = tape.value(x).shape;
  const Index n = shape[-1], rows = n ? shape.size() / n : 0;
  const Var out = tape.result(shape, tape.needs_grad(x) || tape.needs_grad(gain) || tape.needs_grad(bias));
  const View statistics = tape.scratch({rows, 2});
  const Real *g = per_column(tape, gain, n), *b = per_column(tape, bias, n);
  for (Index r = 0; r < rows; ++r)
    layer_norm_row(tape.mutable_value(out).data + r * n, statistics.data + 2 * r, tape.value(x).data + r * n,
                   g, b, n, epsilon);
  tape.on_backward(out, [=](Tape& t) {
    const Real *dy = t.grad(out).data, *in = t.value(x).data;
    const Tape::GradTarget target = t.grad_target(x);
    Real *dx = target.grad.data, *dgain = t.grad(gain).data, *dbias = t.grad(bias).data;
    for (Index r = 0; r < rows; ++r)
      layer_norm_row_backward(dx ? dx + r * n : nullptr, target.store, dgain, dbias, dy + r * n, in + r * n,
                              statistics.data + 2 * r, g, n);
  });
  return out;
}

Var rms_norm(Tape& tape, Var x, Var gain, Real epsilon) {
  const Shape shape = tape.value(x).shape;
  const Index n = shape[-1], rows = n ? shape.size() / n : 0;
  const Var out = tape.result(shape, tape.needs_grad(x) || tape.needs_grad(gain));
  const View statistics = tape.scratch({rows});
  const Real* g = per_column(tape, gain, n);
  for (Index r = 0; r < rows; ++r)
    rms_norm_row(tape.mutable_value(out).data + r * n, statistics.data + r, tape.value(x).data + r * n, g, n,
                 epsilon);
  tape.on_backward(out, [=](Tape& t) {
    const Real *dy = t.grad(out).data, *in = t.value(x).data;
    const Tape::GradTarget target = t.grad_target(x);
    Real *dx = target.grad.data, *dgain = t.grad(gain).data;
    for (Index r = 0; r < rows; ++r)
      rms_norm_row_backward(dx ? dx + r * n : nullptr, target.store, dgain, dy + r * n, in + r * n,
                            statistics.data + r, g, n);
  });
  return out;
}

}  // namespace attn
