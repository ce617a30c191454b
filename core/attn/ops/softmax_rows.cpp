#include "attn/ops/softmax_rows.hpp"

#include <algorithm>

#include "attn/math/softmax.hpp"

namespace attn {

Var softmax_rows(Tape& tape, Var z) {
  const Shape shape = tape.value(z).shape;
  const Index n = shape[-1];
  const Var out = tape.result(shape, tape.needs_grad(z));
  const View p = tape.mutable_value(out);
  const ConstView scores = tape.value(z);
  std::copy(scores.begin(), scores.end(), p.begin());
  for (Index at = 0; at < p.size(); at += n) softmax_row(p.data + at, n);
  tape.on_backward(out, [z, out, n](Tape& t) {
    // dz += y ∘ (dy - Σ y dy), row by row
    const View dp = t.grad(out), dz = t.grad(z);
    const ConstView y = t.value(out);
    for (Index at = 0; at < y.size(); at += n) {
      Real mean = 0;
      for (Index i = at; i < at + n; ++i) mean += y[i] * dp[i];
      for (Index i = at; i < at + n; ++i) dz[i] += y[i] * (dp[i] - mean);
    }
  });
  return out;
}

}  // namespace attn
