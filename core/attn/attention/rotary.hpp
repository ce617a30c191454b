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

// Which pairs are slowed down when a trained model is to read longer texts. A pair that turns at least `high`
// times within the original context stays as it was, one that turns at most `low` times is slowed down by the
// scaling, those between are blended along a straight line: in their turns (LLaMA 3.1; Hugging Face
// modeling_rope_utils, "llama3") or in their index between whole pairs (YaRN: Peng et al. 2023, their code).
// original = 0: every pair is slowed down alike (linear interpolation, Chen et al. 2023).
enum class RotaryRamp { turns, pairs };
struct RotaryBands {
  Real low = 0, high = 0;
  Index original = 0;
  RotaryRamp ramp = RotaryRamp::turns;
};

// How fast every pair turns. The ladder of r/2 pairs: base^(-2i/r), i = 0 the fastest.
struct RotaryLadder {
  Real base = 10000;
  Real scaling = 1;
  RotaryBands bands;
  Real magnitude = 1;  // of cosine and sine, so that scores grow by its square (YaRN, eq. 22)
  Index kept = 0;      // only so many pairs turn, the fastest; the rest stand still (p-RoPE, Barbero et al.
                       // 2024); 0: all
};

// Radians per position of pair i of `pairs`.
double rotary_frequency(const RotaryLadder& ladder, Index i, Index pairs);

// Ways to read texts `factor` times as long as the trained context, without training.
enum class RotaryExtension {
  none,
  linear,  // every pair slowed down: positions interpolated (Chen et al. 2023)
  ntk,     // another base: the slowest pair slowed down by the factor, the fastest not at all ("NTK-aware")
  yarn     // by its turns within the context, 1 and 32, and the scores louder
};
RotaryLadder extended(RotaryLadder trained, RotaryExtension how, Real factor, Index context, Index width);

// The base whose slowest pair of width/2 turns `factor` times as slowly: b s^(r / (r - 2)).
double ntk_base(double base, double factor, Index width);

// The tables [T, r/2] for positions first .. first + T - 1.
void rotary_table(View cosine, View sine, Index first, const RotaryLadder& ladder);

// x: [B, T, H, d]; tables [T, r/2] that live as long as the tape's values.
Var rotary(Tape& tape, Var x, ConstView cosine, ConstView sine, RotaryPairs layout);

}  // namespace attn
