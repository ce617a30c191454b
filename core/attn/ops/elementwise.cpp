#include "attn/ops/elementwise.hpp"

#include "attn/math/vector.hpp"

namespace attn {

void pass_gradient(Tape& tape, Var x, ConstView dout) {
  const Tape::GradTarget dx = tape.grad_target(x);
  if (!dx.grad.data) return;
  if (dx.store == Store::add)
    vec::accumulate(dout.data, dx.grad.data, dout.size());
  else
    vec::copy(dout.data, dx.grad.data, dout.size());
}

Var add(Tape& tape, Var a, Var b) {
  const Shape shape = tape.value(a).shape;
  expect_shape("add", tape.value(b).shape, shape);
  const Var out = tape.result(shape, tape.needs_grad(a) || tape.needs_grad(b));
  vec::add(tape.value(a).data, tape.value(b).data, tape.mutable_value(out).data, shape.size());
  tape.on_backward(out, [a, b, out](Tape& t) {
    // forward: out = a + b; the gradient goes both ways unchanged
    pass_gradient(t, a, t.grad(out));
    pass_gradient(t, b, t.grad(out));
  });
  return out;
}

Var scale(Tape& tape, Var x, Real alpha) {
  const Shape shape = tape.value(x).shape;
  const Var out = tape.result(shape, tape.needs_grad(x));
  vec::scale(alpha, tape.value(x).data, tape.mutable_value(out).data, shape.size());
  tape.on_backward(out, [x, out, alpha](Tape& t) {
    const View dout = t.grad(out);
    vec::axpy(alpha, dout.data, t.grad(x).data, dout.size());  // dx = alpha · dout
  });
  return out;
}

Var copy(Tape& tape, Var x) {
  const Shape shape = tape.value(x).shape;
  const Var out = tape.result(shape, tape.needs_grad(x));
  vec::copy(tape.value(x).data, tape.mutable_value(out).data, shape.size());
  tape.on_backward(out, [x, out](Tape& t) { pass_gradient(t, x, t.grad(out)); });
  return out;
}

Var weighted_sum(Tape& tape, Var x, ConstView weights) {
  const ConstView value = tape.value(x);
  if (weights.size() != value.size()) expect_shape("weighted_sum", weights.shape, value.shape);
  const Var out = tape.result({}, tape.needs_grad(x));
  tape.mutable_value(out)[0] = vec::dot(value.data, weights.data, value.size());
  tape.on_backward(out, [x, out, weights](Tape& t) {
    vec::axpy(t.grad(out)[0], weights.data, t.grad(x).data, weights.size());  // dx = dout · w
  });
  return out;
}

}  // namespace attn
