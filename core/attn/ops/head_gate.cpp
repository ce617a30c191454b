#include "attn/ops/head_gate.hpp"

#include "attn/math/vector.hpp"

namespace attn {

// #region gate-heads
Var gate_heads(Tape& tape, Var z, Var gate) {
  const ConstView x = tape.value(z), g = tape.value(gate);
  if (x.shape.rank() != 4) throw ShapeError("gate_heads: z is " + to_string(x.shape) + ", not [B, T, H, d]");
  const Index H = x.shape[2], d = x.shape[3], rows = x.shape[0] * x.shape[1];
  const bool each_token = g.shape.rank() == 3;
  expect_shape("gate_heads: gate", g.shape, each_token ? Shape{x.shape[0], x.shape[1], H} : Shape{H});
  const Index step = each_token ? H : 0;  // from one token's gates to the next one's
  const Var out = tape.result(x.shape, tape.needs_grad(z) || tape.needs_grad(gate));
  const View y = tape.mutable_value(out);
  for (Index r = 0; r < rows; ++r)
    for (Index h = 0; h < H; ++h)
      vec::scale(g[r * step + h], x.data + (r * H + h) * d, y.data + (r * H + h) * d, d);
  tape.on_backward(out, [=](Tape& t) {
    const ConstView value = t.value(z), factor = t.value(gate), dy = t.grad(out);
    const View dz = t.needs_grad(z) ? t.grad(z) : View{}, dg = t.needs_grad(gate) ? t.grad(gate) : View{};
    for (Index r = 0; r < rows; ++r)
      for (Index h = 0; h < H; ++h) {
        const Index at = (r * H + h) * d;  // forward: y_h = g_h z_h
        if (dz.data) vec::axpy(factor[r * step + h], dy.data + at, dz.data + at, d);
        if (dg.data) dg[r * step + h] += vec::dot(dy.data + at, value.data + at, d);
      }
  });
  return out;
}
// #endregion

}  // namespace attn
