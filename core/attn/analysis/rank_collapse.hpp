// How alike the tokens of a sequence have become (Dong et al. 2021, "Attention is not all you need: pure
// attention loses rank doubly exponentially with depth").
#pragma once

#include <vector>

#include "attn/model/transformer.hpp"

namespace attn {

// res(X) = X - 1 xᵀ with x the mean token: x is [T, D].
Tensor token_residual(ConstView x);
// √(‖X‖₁ ‖X‖_∞): largest column sum and largest row sum of |X| (Dong et al. 2021, section 2).
Real composite_norm(ConstView x);
// ‖res(X)‖ / ‖X‖ in that norm: 0 when all tokens are one vector.
Real relative_residual(ConstView x);
// Mean cosine of all pairs of different tokens: 1 when they all point one way.
Real mean_cosine(ConstView x);
// exp of the entropy of the singular values of res(X): how many directions the tokens differ in; 0 if none.
Real token_rank(ConstView x);

// The same after every layer of a model, on one sequence.
struct DepthState {
  Real relative_residual = 0, mean_cosine = 0, token_rank = 0;
  Real entropy_ratio = 0;  // of the layer's attention rows, by the log of what each may see; mean over heads
  Real largest_score = 0;  // max |score| among the visible
};
// What of a block is left in place. Without skip: x ← f(x); with it: x ← skip · x + f(x).
struct Rewiring {
  Real attention_skip = 1, mlp_skip = 1;
  bool mlp = true;  // false: no MLP, and no skip around it
};
// One state per layer, of the stream behind it (resid_post). Not for post-norm models, whose norm stands
// between the skip and the stream.
std::vector<DepthState> collapse_by_depth(const Model& model, const std::vector<TokenId>& tokens,
                                          const Rewiring& rewiring);

// Hooks that rewire every block. They hold what they need; scopes end it.
void rewire(Hooks& hooks, const Model& model, const Rewiring& rewiring, std::vector<Hooks::Scope>& scopes);

}  // namespace attn
