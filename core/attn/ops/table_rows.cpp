#include "attn/ops/table_rows.hpp"

#include "attn/math/vector.hpp"
#include "attn/ops/norm.hpp"

namespace attn {

Var rms_factor(Tape& tape, Var x, Real epsilon) {
  const Shape shape = tape.value(x).shape;
  const Index n = shape[2], rows = shape[0] * shape[1];
  const Var out = tape.result({shape[0], shape[1]}, tape.needs_grad(x));
  for (Index i = 0; i < rows; ++i)
    tape.mutable_value(out)[i] = rms_row_factor(tape.value(x).data + i * n, n, epsilon);
  tape.on_backward(out, [=](Tape& t) {
    const Tape::GradTarget dx = t.grad_target(x);
    const Real *in = t.value(x).data, *r = t.value(out).data, *dr = t.grad(out).data;
    for (Index i = 0; i < rows; ++i) {
      const Real back = -dr[i] * r[i] * r[i] * r[i] / static_cast<Real>(n);  // dr/dx = -x r³ / D
      Real* to = dx.grad.data + i * n;
      if (dx.store == Store::overwrite)
        vec::scale(back, in + i * n, to, n);
      else
        vec::axpy(back, in + i * n, to, n);
    }
  });
  return out;
}

Var table_rows(Tape& tape, Var factors, Var by_token, Var by_place, const TokenId* tokens,
               const Shape& shape) {
  const Index T = shape[1], rows = shape[0] * T;
  const bool grad = tape.needs_grad(factors) || tape.needs_grad(by_token) || tape.needs_grad(by_place);
  const Var out = tape.result(shape, grad);
  const Index n = rows ? tape.value(out).size() / rows : 0;
  const Real* r = tape.value(factors).data;
  const Real* a = tape.value(by_token).data;
  const Real* p = by_place.valid() ? tape.value(by_place).data : nullptr;
  Real* y = tape.mutable_value(out).data;
  for (Index i = 0; i < rows; ++i) {
    const Real* row = a + tokens[i] * n;
    if (p) vec::add(row, p + i % T * n, y + i * n, n);
    vec::scale(r[i], p ? y + i * n : row, y + i * n, n);
  }
  tape.on_backward(out, [=](Tape& t) {
    const Real* dout = t.grad(out).data;
    Real *dr = t.grad(factors).data, *da = t.grad(by_token).data, *dp = p ? t.grad(by_place).data : nullptr;
    for (Index i = 0; i < rows; ++i) {
      const Real* d = dout + i * n;
      if (dr) dr[i] += vec::dot(d, y + i * n, n) / r[i];
      if (da) vec::axpy(r[i], d, da + tokens[i] * n, n);
      if (dp) vec::axpy(r[i], d, dp + i % T * n, n);
    }
  });
  return out;
}

}  // namespace attn
