// Muon (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"): the momentum of a
// weight matrix is replaced by the nearest (semi-)orthogonal matrix, so that every direction moves equally.
#pragma once

#include <vector>

#include "attn/math/matmul.hpp"
#include "attn/model/parameters.hpp"
#include "attn/train/adamw.hpp"

namespace attn {

struct MuonConfig {
  Real momentum = Real(0.95);
  Index iterations = 5;  // of Newton-Schulz
};

// X <- U Vᵀ of X = U S Vᵀ, roughly: singular values come to lie in about [0.7, 1.2]. The quintic
// Newton-Schulz iteration X <- aX + b(XXᵀ)X + c(XXᵀ)²X with Jordan's coefficients. X: [n, m], contiguous.
void orthogonalise(Matrix x, Index iterations, std::vector<Real>& work);

// The matrices of the blocks; embeddings, unembedding and gains are AdamW's.
bool muon_updates(const ParameterInfo& info);

// One step of one parameter, in the scale of Liu et al. 2025 ("Muon is scalable for LLM training", eq. 4):
// 0.2 √max(n, m) gives an update the root mean square of AdamW's, so that both share learning rate
// and decay. The momentum lives in state.m.
void muon_update(Parameters& parameters, const ParameterInfo& info, ConstView gradients, AdamWState& state,
                 const MuonConfig& config, Real weight_decay, Real learning_rate, std::vector<Real>& work);

}  // namespace attn
