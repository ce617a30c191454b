#include "attn/analysis/token_gates.hpp"

#include "attn/attention/heads.hpp"

namespace attn {

Tensor token_gates(ConstView z, ConstView pattern, ConstView v) {
  const ConstHeads out = token_major(z), values = token_major(v);
  Tensor gates(Shape{out.batch, out.tokens, out.heads});
  auto gate = gates.data.begin();
  for (Index b = 0; b < out.batch; ++b)
    for (Index t = 0; t < out.tokens; ++t)
      for (Index h = 0; h < out.heads; ++h) {
        const ConstMatrix p = map_of(pattern, b, h);
        double along = 0, square = 0;  // of z along P V, and of P V itself
        for (Index i = 0; i < out.width; ++i) {
          double mixed = 0;
          for (Index s = 0; s < values.tokens; ++s)
            mixed += static_cast<double>(p(t, s)) *
                     static_cast<double>(values.vector(b, s, h / (out.heads / values.heads))[i]);
          along += static_cast<double>(out.vector(b, t, h)[i]) * mixed;
          square += mixed * mixed;
        }
        *gate++ = square > 0 ? static_cast<Real>(along / square) : Real(1);
      }
  return gates;
}

}  // namespace attn
