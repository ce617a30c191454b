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

// LLaMA 3.1's frequencies (Hugging Face modeling_rope_utils, "llama3"): pairs that turn at least `high` times
// within the original context stay, those that turn at most `low` times are slowed down by the scaling, those
// between are blended. original = 0: every pair is slowed down alike (linear interpolation).
struct RotaryBands {
  Real low = 0, high = 0;
  Index original = 0;
};

// The tables [T, r/2] for positions first .. first + T - 1: angle = position / scaling · base^(-2i/r).
void rotary_table(View cosine, View sine, Index first, Real base, Real scaling,
                  const RotaryBands& bands = {});

// x: [B, T, H, d]; tables [T, r/2] that live as long as the tape's values.
Var rotary(Tape& tape, Var x, ConstView cosine, ConstView sine, RotaryPairs layout);

}  // namespace attn
