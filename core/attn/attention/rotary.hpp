// Rotary positions (Su et al. 2021, "RoFormer", eq. 34): coordinates in pairs, each pair turned by
// an angle proportional to the position, so that a score depends on positions only by their difference.
#pragma once

#include "attn/ops/tape.hpp"

namespace attn {

// The pairs (x_i, x_{i + r/2}) (rotate_half, LLaMA in HF) or (x_{2i}, x_{2i+1}) (RoFormer).
enum class RotaryPairs { half, interleaved };

// One head vector: y = R x. width: its length d; the first r = 2·`pairs` coordinates turn, the rest
// are copied. cosine, sine: `pairs` numbers. y may be x.
void rotate(Real* y, const Real* x, const Real* cosine, const Real* sine, Index pairs, Index width,
            RotaryPairs layout);

// dx += Rᵀ dy: the turn back.
void rotate_backward(Real* dx, const Real* dy, const Real* cosine, const Real* sine, Index pairs, Index width,
                     RotaryPairs layout);

// The tables [T, r/2] for positions first .. first + T - 1: angle = position / scaling · base^(-2i/r).
void rotary_table(View cosine, View sine, Index first, Real base, Real scaling);

// x: [B, T, H, d]; tables [T, r/2] that live as long as the tape's values.
Var rotary(Tape& tape, Var x, ConstView cosine, ConstView sine, RotaryPairs layout);

}  // namespace attn
