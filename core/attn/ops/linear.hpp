// y = x W + b, row vectors as in the papers and in TransformerLens (not torch's x Wᵀ).
#pragma once

#include "attn/math/matmul.hpp"
#include "attn/ops/tape.hpp"

namespace attn {

// y: [N, m], x: [N, n], w: [n, m], b: [m] or null.
void linear_forward(Matrix y, ConstMatrix x, ConstMatrix w, const Real* b);

// dy: [N, m]. dx: [N, n], dw: [n, m] (row-major, added), db: [m] (added); null data skips one.
void linear_backward(Matrix dx, Store dx_store, Matrix dw, Real* db, ConstMatrix dy, ConstMatrix x,
                     ConstMatrix w);

struct LinearOptions {
  // w is stored as its transpose [m, n]: a tied unembedding reads the embedding this way.
  bool transposed = false;
  // Columns of w (outputs) or rows (inputs) belong to this many heads, and each head is multiplied
  // on its own. A product sums a column in an order that may depend on where the column stands;
  // one product per head gives equal heads equal bits (chapter 7, symmetry).
  Index output_heads = 1, input_heads = 1;
};

// x: [N.., n..] with N = `rows` tokens, w: n·m elements in any shape that folds to [n, m], b: [m] or
// an invalid Var; the result has shape `out` of N·m elements. w may be stored in sixteen bits, then it is one
// product whatever the options say of heads.
Var linear(Tape& tape, Var x, Var w, Var b, Index rows, const Shape& out, const LinearOptions& options = {});

}  // namespace attn
