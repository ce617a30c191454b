// A gate that learns to be exactly 0 or 1 (Louizos et al. 2018, "Learning Sparse Neural Networks through L0
// Regularization", eq. 10–12; constants of Voita et al. 2019's code).
#pragma once

#include "attn/ops/tape.hpp"

namespace attn {

struct HardConcrete {
  Real beta = Real(0.33);                   // temperature
  Real low = Real(-0.1), high = Real(1.1);  // the stretched interval (γ, ζ), clipped to [0, 1]
};

// min(1, max(0, s (ζ - γ) + γ)), s = σ((log u - log(1 - u) + log α) / β) for u in (0, 1).
Real hard_concrete(const HardConcrete& gate, Real log_alpha, Real u);
// Without noise, for use after training: min(1, max(0, σ(log α) (ζ - γ) + γ)).
Real expected_gate(const HardConcrete& gate, Real log_alpha);
// P(g ≠ 0) = σ(log α - β log(-γ / ζ)).
Real open_probability(const HardConcrete& gate, Real log_alpha);

// Gates of log_alpha [n] under given noise u [n] (borrowed): [n]. Noise in (0, 1).
Var hard_concrete(Tape& tape, const HardConcrete& gate, Var log_alpha, ConstView u);
// Σ P(g ≠ 0): the L0 penalty.
Var open_gates(Tape& tape, const HardConcrete& gate, Var log_alpha);

}  // namespace attn
