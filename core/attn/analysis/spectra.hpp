// A head's two maps of the residual stream and what their singular values say (Elhage et al. 2021: W_QK
// decides where, W_OV what). The norms' gains are folded in as in circuits.hpp.
#pragma once

#include <vector>

#include "attn/model/transformer.hpp"

namespace attn {

// One head's factors as the stream meets them: C diag(w) W for what is read through a norm.
struct HeadFactors {
  Tensor query, key, value;  // [D, d]
  Tensor output;             // [D, d]: W_Oᵀ
};
HeadFactors head_factors(const Model& model, int layer, int head);

Tensor residual_qk(const Model& model, int layer, int head);  // [D, D] = W_Q W_Kᵀ / √d
Tensor residual_ov(const Model& model, int layer, int head);  // [D, D] = W_V W_O

// Singular values of the same, descending, d of them: the D × D product is never formed.
std::vector<Real> qk_singular_values(const Model& model, int layer, int head);
std::vector<Real> ov_singular_values(const Model& model, int layer, int head);

// exp of the entropy of σ / Σσ (Roy & Vetterli 2007, definition 1): n equal values count n.
Real effective_rank(const std::vector<Real>& sigma);
// Σσ² / σ₁²: how many values as large as the first.
Real stable_rank(const std::vector<Real>& sigma);

// tr(W²) / ‖W‖² of W_QK = (‖symmetric part‖² - ‖skew part‖²) / ‖W‖²: 1 for a symmetric, -1 for a skew one.
Real qk_symmetry(const Model& model, int layer, int head);

}  // namespace attn
