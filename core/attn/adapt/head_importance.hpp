// Which heads can go: first-order importance (Michel et al. 2019, "Are Sixteen Heads Really Better than
// One?", section 4.1) and what really happens when they do.
#pragma once

#include <vector>

#include "attn/analysis/interventions.hpp"
#include "attn/analysis/metric.hpp"

namespace attn {

// |∂L/∂ξ_h| with z_h ← ξ_h z_h at ξ = 1, which is |⟨z_h, ∂L/∂z_h⟩|. Three implementations of one formula,
// which do not agree (chapter 12): where the absolute value is taken decides.
enum class ImportanceOf {
  example,  // per sequence, then the mean: the paper
  token,    // per token, then the mean: the authors' BERT code
  batch,    // after summing over the batch: Hugging Face's run_bertology
};

// [L, H] of a loss over the batch's answers. `normalised`: divided by the ℓ2 norm of its layer.
Tensor head_importance(const Model& model, const TokenBatch& batch, const Metric& loss, ImportanceOf of,
                       bool normalised = false);

// The rise of the loss when each head alone is ablated: [L, H], the truth that importance stands in for.
Tensor ablation_importance(const Model& model, const TokenBatch& batch, const Metric& loss, Ablation how,
                           Rng& rng);

// Heads from the least to the most important.
std::vector<HeadRef> removal_order(const Tensor& importance);

struct Outcome {
  Real loss = 0, accuracy = 0;
};
// What is left after taking out the first 0, 1, 2, … heads of an order: as many outcomes as heads, and one.
std::vector<Outcome> removal_curve(const Model& model, const TokenBatch& batch, const Metric& loss,
                                   const std::vector<HeadRef>& order, Ablation how, Rng& rng);

// Greedy: at each step the head goes whose removal now costs least, given those already gone.
std::vector<HeadRef> greedy_order(const Model& model, const TokenBatch& batch, const Metric& loss,
                                  Index count);

}  // namespace attn
