// Rows of a table by token, and position vectors added to every sequence.
#pragma once

#include "attn/ops/tape.hpp"

namespace attn {

// out: [N, D], table: [V, D]; tokens: N indices. An index outside the table throws ShapeError.
void embedding_forward(View out, ConstView table, const TokenId* tokens);
// dtable: [V, D] is added to (a token that occurs twice gets both), dout: [N, D].
void embedding_backward(View dtable, ConstView dout, const TokenId* tokens);

// The same from a table kept in sixteen bits.
void embedding_forward(View out, const StoredView& table, const TokenId* tokens);

// The tokens must live as long as the tape's values. Result: [B, T, D].
Var embedding(Tape& tape, Var table, const TokenId* tokens, Index batch, Index length);

// out: [B, T, D] = x + rows [T, D] in every sequence.
void add_rows_forward(View out, ConstView x, ConstView rows);
// drows: [T, D] is added to: Σ over the sequences.
void add_rows_backward(View drows, ConstView dout);
// rows: [T, D], a Var (for instance the first T rows of the position table, see slice_rows).
Var add_rows(Tape& tape, Var x, Var rows);

// rows: [T, D] -> [B, T, D], the same in every sequence.
Var repeat_rows(Tape& tape, Var rows, Index batch);

// PE(t, 2i) = sin(t / 10000^(2i/D)), PE(t, 2i+1) = cos of the same (Vaswani et al. 2017, section 3.5),
// into out: [T, D] for positions first .. first + T - 1.
void sinusoidal_table(View out, Index first);

// Rows [first, first + count) of a parameter or constant, as a Var that shares memory and gradient.
Var slice_rows(Tape& tape, Var table, Index first, Index count);

}  // namespace attn
