#include "attn/analysis/weighted_norms.hpp"

#include <cmath>

#include "attn/attention/heads.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

// v_j W_O^h for every token of one head: [S, D].
Tensor transformed(ConstView v, ConstView w_o, Index sequence, Index h) {
  const ConstHeads values = token_major(v);
  const Index H = w_o.shape[0];
  Tensor out(Shape{values.tokens, w_o.shape[2]});
  matmul(as_matrix(out.view()), values.matrix(sequence, h / (H / values.heads)), as_matrix(w_o.sub(h)));
  return out;
}

Real norm(const Real* x, Index n) { return std::sqrt(vec::sum_squares(x, n)); }

}  // namespace

Tensor weighted_norms(ConstView pattern, ConstView v, ConstView w_o, Index sequence) {
  const Index H = pattern.shape[1], T = pattern.shape[2], S = pattern.shape[3], D = w_o.shape[2];
  Tensor out(Shape{H, T, S});
  for (Index h = 0; h < H; ++h) {
    const Tensor f = transformed(v, w_o, sequence, h);  // [S, D]
    const ConstMatrix p = map_of(pattern, sequence, h);
    for (Index j = 0; j < S; ++j) {
      const Real length = norm(f.data.data() + j * D, D);
      for (Index i = 0; i < T; ++i) out.view()[(h * T + i) * S + j] = p(i, j) * length;  // ‖αx‖ = α‖x‖
    }
  }
  return out;
}

Tensor summed_weighted_norms(ConstView pattern, ConstView v, ConstView w_o, Index sequence) {
  const Index H = pattern.shape[1], T = pattern.shape[2], S = pattern.shape[3], D = w_o.shape[2];
  Tensor sum(Shape{T, S, D});
  for (Index h = 0; h < H; ++h) {
    const Tensor f = transformed(v, w_o, sequence, h);
    const ConstMatrix p = map_of(pattern, sequence, h);
    for (Index i = 0; i < T; ++i)
      for (Index j = 0; j < S; ++j)
        vec::axpy(p(i, j), f.data.data() + j * D, sum.data.data() + (i * S + j) * D, D);
  }
  Tensor out(Shape{T, S});
  for (Index i = 0; i < T * S; ++i) out.view()[i] = norm(sum.data.data() + i * D, D);
  return out;
}

}  // namespace attn
