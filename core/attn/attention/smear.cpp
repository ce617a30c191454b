#include "attn/attention/smear.hpp"

#include "attn/attention/heads.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

// What stands before key t of a head: key t - 1, the cached one, or nothing.
const Real* before(ConstHeads k, ConstView previous, Index b, Index t, Index h) {
  if (t > 0) return k.vector(b, t - 1, h);
  return previous.data ? previous.data + (b * k.heads + h) * k.width : nullptr;
}

void forward(Heads out, ConstHeads k, const Real* share, ConstView previous) {
  for (Index b = 0; b < k.batch; ++b)
    for (Index t = 0; t < k.tokens; ++t)
      for (Index h = 0; h < k.heads; ++h) {
        const Real *now = k.vector(b, t, h), *last = before(k, previous, b, t, h);
        Real* y = out.vector(b, t, h);
        if (!last)
          vec::copy(now, y, k.width);
        else
          for (Index i = 0; i < k.width; ++i) y[i] = share[h] * now[i] + (1 - share[h]) * last[i];
      }
}

// forward: y_t = s k_t + (1 - s) k_{t-1} with s = σ(α). dk may be empty.
void backward(Heads dk, Real* dshare, ConstHeads dy, ConstHeads k, const Real* share, ConstView previous) {
  for (Index b = 0; b < k.batch; ++b)
    for (Index t = 0; t < k.tokens; ++t)
      for (Index h = 0; h < k.heads; ++h) {
        const Real *g = dy.vector(b, t, h), *now = k.vector(b, t, h), *last = before(k, previous, b, t, h);
        if (dk.data) vec::axpy(last ? share[h] : Real(1), g, dk.vector(b, t, h), k.width);
        if (!last) continue;
        if (dk.data && t > 0) vec::axpy(1 - share[h], g, dk.vector(b, t - 1, h), k.width);
        dshare[h] += vec::dot(g, now, k.width) - vec::dot(g, last, k.width);
      }
}

}  // namespace

Var smear_keys(Tape& tape, Var k, Var alpha, ConstView previous) {
  const Shape shape = tape.value(k).shape;
  const Index heads = shape[2];
  expect_shape("smear", tape.value(alpha).shape, Shape{heads});
  const Var out = tape.result(shape, tape.needs_grad(k) || tape.needs_grad(alpha));
  const View share = tape.scratch({heads});  // σ(α)
  vec::sigmoid(tape.value(alpha).data, share.data, heads);
  forward(token_major(tape.mutable_value(out)), token_major(tape.value(k)), share.data, previous);
  tape.on_backward(out, [=](Tape& t) {
    const View dk = t.grad(k), dshare = t.scratch({heads});
    vec::fill(0, dshare.data, heads);
    backward(dk.data ? token_major(dk) : Heads{}, dshare.data, token_major(t.grad(out)),
             token_major(t.value(k)), share.data, previous);
    if (Real* dalpha = t.grad(alpha).data)
      for (Index h = 0; h < heads; ++h) dalpha[h] += dshare[h] * share[h] * (1 - share[h]);  // σ' = σ (1 - σ)
  });
  return out;
}

}  // namespace attn
