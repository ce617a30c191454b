// Taking heads out and asking what they contributed.
#pragma once

#include <vector>

#include "attn/model/transformer.hpp"

namespace attn {

struct HeadRef {
  int layer = 0, head = 0;
};

enum class Ablation {
  zero,      // z = 0
  mean,      // z = its mean over positions and batch
  resample,  // z taken from another sequence of the batch (a derangement drawn from rng)
};

// Hooks that ablate `heads`; they live as long as the returned scopes and refer to `hooks`.
// The reference values (mean, resample) are taken from an unmodified run on `batch`.
struct AblationScopes {
  std::vector<Hooks::Scope> scopes;
  std::vector<Tensor> reference;  // z per layer
};
void ablate(Hooks& hooks, const Model& model, const TokenBatch& batch, const std::vector<HeadRef>& heads,
            Ablation how, Rng& rng, AblationScopes& out);

// Direct contribution of every component to the logit of token `target` at (sequence, position):
// embedding, positions, each head, each MLP, biases; the final norm is frozen at its actual scale,
// so the parts sum to the logit (Elhage et al. 2021, "logit attribution").
struct Contribution {
  std::string component;  // "embed", "pos_embed", "L0H3", "mlp1", "bias" …
  int layer = -1, head = -1;
  Real logit = 0;
};
struct Attribution {
  std::vector<Contribution> parts;
  Real total = 0;  // sum of parts
  Real logit = 0;  // what the model printed; equal up to rounding
};
Attribution direct_logit_attribution(const Model& model, const TokenBatch& batch, Index sequence,
                                     Index position, TokenId target);

}  // namespace attn
