// A softmax over the last axis, for weights that a model goes on to read as content.
#pragma once

#include "attn/ops/tape.hpp"

namespace attn {

// p: like z; every row of the last axis sums to 1.
Var softmax_rows(Tape& tape, Var z);

}  // namespace attn
