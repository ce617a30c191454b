// Before the first layer a row is a token's plus a place's, and a norm without a mean or a gain multiplies it
// by one number. What a linear layer makes of it is then known from two tables:
//   N(e_token + p_place) W = r (e W)_token + r (p W)_place,   r = 1 / √(mean x² + ε),
// which are multiplied once for the vocabulary and once for the context, however large the batch.
#pragma once

#include "attn/ops/tape.hpp"

namespace attn {

// The factor of rms_norm (ops/norm.hpp) alone: x [B, T, D] -> [B, T].
Var rms_factor(Tape& tape, Var x, Real epsilon);

// out[b, t] = factors[b, t] (by_token[tokens[b, t]] + by_place[t]), in shape `out` [B, T, ...], where a row
// is what it has for one of the B · T places. factors: [B, T]; by_token: [V, ...], rows of that size;
// by_place: [T, ...], or invalid for none. tokens: B · T indices below V, checked by the caller, living as
// long as the tape's values.
Var table_rows(Tape& tape, Var factors, Var by_token, Var by_place, const TokenId* tokens, const Shape& out);

}  // namespace attn
