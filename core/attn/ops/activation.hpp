// The non-linearities of the MLP.
#pragma once

#include "attn/ops/tape.hpp"

namespace attn {

enum class Activation {
  gelu,        // 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))), GPT-2 (Hendrycks & Gimpel 2016, section 2)
  gelu_exact,  // x Φ(x), BERT
  relu,
  silu,  // x σ(x), the gate of SwiGLU (Shazeer 2020, eq. 5 and 6)
};

// y = f(x), n numbers; y must not be x.
void activation_forward(Activation f, Real* y, const Real* x, Index n);
// dx += f'(x) dy; `work`: n numbers of scratch.
void activation_backward(Activation f, Real* dx, const Real* dy, const Real* x, Real* work, Index n);

Var activation(Tape& tape, Activation f, Var x);

// σ(x) = 1 / (1 + e^-x), element by element: a gate.
Var sigmoid(Tape& tape, Var x);

// tanh(x), element by element: a gate that may turn the sign.
Var tanh(Tape& tape, Var x);

// out = a ∘ b: SwiGLU is multiply(activation(silu, x W_gate), x W_in).
Var multiply(Tape& tape, Var a, Var b);

}  // namespace attn
