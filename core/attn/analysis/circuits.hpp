// A head as two low-rank matrices (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits").
#pragma once

#include <complex>
#include <vector>

#include "attn/analysis/interventions.hpp"
#include "attn/model/transformer.hpp"

namespace attn {

// Token-to-token tables of a head, norms' learned gains folded in where they are linear.
// [V, V] = W_E W_Q W_Kᵀ W_Eᵀ / √d (query token × key token)
Tensor qk_circuit(const Model& model, int layer, int head);
// [V, V] = W_E W_V W_O W_U (source token × logit)
Tensor ov_circuit(const Model& model, int layer, int head);
// [T, T] the same for learned positions W_pos; empty without
Tensor qk_positions(const Model& model, int layer, int head);
// K-composition of head (l1,h1) into (l2,h2): [V, V] = W_E W_OV¹ W_K² W_Q²ᵀ W_Eᵀ / √d, rows: key side's
// source token.
Tensor k_composition(const Model& model, HeadRef from, HeadRef to);

// Nonzero eigenvalues of W_E W_V W_O W_U, and the copying score Σλ / Σ|λ| in [-1, 1].
struct Copying {
  std::vector<std::complex<Real>> eigenvalues;
  Real score = 0;
};
Copying copying_score(const Model& model, int layer, int head);

}  // namespace attn
