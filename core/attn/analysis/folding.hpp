// Weights with the linear part of the norms folded in. N(x) = (x C) ∘ w / σ(x): the gain w and,
// for LayerNorm, the centring C = I - 11ᵀ/D are linear and move into the matrix beside them; only
// the division by σ stays behind. Internal to analysis.
#pragma once

#include <vector>

#include "attn/math/matmul.hpp"
#include "attn/model/transformer.hpp"

namespace attn {

// One head's factors, as matrices inside the model's parameters.
struct HeadMatrices {
  ConstMatrix query, key, value;  // [D, d]
  ConstMatrix output;             // [d, D]
};
HeadMatrices head_matrices(const Model& model, int layer, int head);

Tensor product(ConstMatrix a, ConstMatrix b, Real alpha = 1);

// rows [n, D] as layer `layer` reads them: rows C diag(w_ln1).
Tensor read_by(const Model& model, int layer, ConstMatrix rows);
// columns [m, D], each a column of a matrix W that layer `layer` reads with: those of C diag(w_ln1) W.
Tensor fold_reader(const Model& model, int layer, ConstMatrix columns);
// C diag(w_final) W_U, [D, V].
Tensor folded_unembedding(const Model& model);
// C diag(w_final) W_U[:, target]: what one unit along each coordinate adds to the logit, times σ.
std::vector<double> logit_direction(const Model& model, TokenId target);
// 1/σ of the final norm at this stream, D numbers; 1 without one.
double frozen_scale(const ModelConfig& config, const std::vector<Real>& stream);
ConstMatrix embedding(const Model& model);  // [V, D]
Real score_scale(const ModelConfig& config);
bool has_final_norm(const ModelConfig& config);

}  // namespace attn
