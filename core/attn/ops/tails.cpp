#include "attn/ops/tails.hpp"

#include "attn/math/vector.hpp"

namespace attn {
namespace {

// f(where sequence b's tail stands in x, where it stands in the result, its size), counted in numbers.
template <class F>
void every_tail(const Shape& x, const Index* starts, F f) {
  const Index whole = x[1] * x[2];
  for (Index b = 0; b < x[0]; ++b) {
    const Index size = (starts[b + 1] - starts[b]) * x[2];
    f((b + 1) * whole - size, starts[b] * x[2], size);
  }
}

}  // namespace

Var tails(Tape& tape, Var x, const Index* starts) {
  const Shape shape = tape.value(x).shape;
  for (Index b = 0; b < shape[0]; ++b)
    if (starts[b + 1] < starts[b] || starts[b + 1] - starts[b] > shape[1])
      throw ShapeError("tails: sequence " + std::to_string(b) + " of " + to_string(shape));
  const Var out = tape.result({1, starts[shape[0]], shape[2]}, tape.needs_grad(x));
  const Real* in = tape.value(x).data;
  Real* packed = tape.mutable_value(out).data;
  every_tail(shape, starts, [=](Index from, Index to, Index n) { vec::copy(in + from, packed + to, n); });
  tape.on_backward(out, [=](Tape& t) {
    const Tape::GradTarget dx = t.grad_target(x);
    if (!dx.grad.data) return;
    if (dx.store == Store::overwrite)
      vec::fill(0, dx.grad.data, dx.grad.size());  // nobody asks for the others
    const Real* dout = t.grad(out).data;
    every_tail(shape, starts,
               [=](Index to, Index from, Index n) { vec::accumulate(dout + from, dx.grad.data + to, n); });
  });
  return out;
}

}  // namespace attn
