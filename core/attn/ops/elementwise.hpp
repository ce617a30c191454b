// Sums, multiples and copies, element by element.
#pragma once

#include "attn/ops/tape.hpp"

namespace attn {

// out = a + b, same shapes: the residual stream's only operation.
Var add(Tape& tape, Var a, Var b);
// out = alpha · x.
Var scale(Tape& tape, Var x, Real alpha);
// out = x in memory of its own, so that it can be overwritten without touching x.
Var copy(Tape& tape, Var x);
// Σ w_i x_i over all elements: a scalar to start a backward pass from. weights: like x, borrowed.
Var weighted_sum(Tape& tape, Var x, ConstView weights);

// dx += dout or dx = dout, as the target asks; nothing if x needs no gradient.
void pass_gradient(Tape& tape, Var x, ConstView dout);

}  // namespace attn
