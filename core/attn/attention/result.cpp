#include "attn/attention/result.hpp"

#include "attn/math/vector.hpp"

namespace attn {
namespace {

// Head h of all tokens of a [B, T, H, n] tensor: [B·T, n].
template <class T>
BasicMatrix<T> head_columns(const BasicView<T>& x, Index h) {
  const Index heads = x.shape[2], n = x.shape[3];
  return {x.data + h * n, x.shape[0] * x.shape[1], n, heads * n};
}

}  // namespace

void head_results_forward(View result, ConstView z, ConstView w_o) {
  for (Index h = 0; h < w_o.shape[0]; ++h)
    matmul(head_columns(result, h), head_columns(z, h), as_matrix(w_o.sub(h)));
}

void head_results_backward(View dz, View dw_o, ConstView dresult, ConstView z, ConstView w_o) {
  // forward: result_h = z_h W_O^h
  for (Index h = 0; h < w_o.shape[0]; ++h) {
    const ConstMatrix d = head_columns(dresult, h);
    if (dz.data) matmul(head_columns(dz, h), d, as_matrix(w_o.sub(h)).transposed(), Store::add);
    if (dw_o.data) matmul(as_matrix(dw_o.sub(h)), head_columns(z, h).transposed(), d, Store::add);
  }
}

Var head_results(Tape& tape, Var z, Var w_o) {
  const Shape s = tape.value(z).shape, w = tape.value(w_o).shape;
  expect_shape("W_O", w, Shape{s[2], s[3], w[-1]});
  const Var out = tape.result({s[0], s[1], s[2], w[2]}, tape.needs_grad(z) || tape.needs_grad(w_o));
  head_results_forward(tape.mutable_value(out), tape.value(z), tape.value(w_o));
  tape.on_backward(out, [=](Tape& t) {
    head_results_backward(t.grad(z), t.grad(w_o), t.grad(out), t.value(z), t.value(w_o));
  });
  return out;
}

Var sum_heads(Tape& tape, Var result, Var b) {
  const Shape s = tape.value(result).shape;
  const Index tokens = s[0] * s[1], heads = s[2], width = s[3];
  const Var out = tape.result({s[0], s[1], width}, tape.needs_grad(result) || tape.needs_grad(b));
  const View y = tape.mutable_value(out);
  const ConstView x = tape.value(result);
  for (Index i = 0; i < tokens; ++i) {
    vec::copy(x.data + i * heads * width, y.data + i * width, width);
    for (Index h = 1; h < heads; ++h)
      vec::accumulate(x.data + (i * heads + h) * width, y.data + i * width, width);
    if (b.valid()) vec::accumulate(tape.value(b).data, y.data + i * width, width);
  }
  tape.on_backward(out, [=](Tape& t) {
    const Real* dy = t.grad(out).data;
    Real *dx = t.grad(result).data, *db = t.grad(b).data;
    for (Index i = 0; i < tokens; ++i) {
      if (db) vec::accumulate(dy + i * width, db, width);
      for (Index h = 0; dx && h < heads; ++h)
        vec::accumulate(dy + i * width, dx + (i * heads + h) * width, width);
    }
  });
  return out;
}

}  // namespace attn
