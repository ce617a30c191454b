// The truth bench of chapter 9: what each method says about the tokens of a prompt, beside what happens to
// the answer when a token is really exchanged.
#pragma once

#include <string>
#include <vector>

#include "attn/analysis/metric.hpp"

namespace attn {

// How far the metric falls when the token at each position is another one, averaged over `draws` random
// tokens: [T]. tokens: one sequence; the metric's answers are about it.
std::vector<Real> token_influence(const Model& model, const std::vector<TokenId>& tokens,
                                  const Metric& metric, Index draws, Rng& rng);

// The same with the token's embedding made the mean of the whole table, its place kept: [T]. Nothing is put
// in the token's stead; what was its own is taken out. Another question, and often another order.
std::vector<Real> token_erasure(const Model& model, const std::vector<TokenId>& tokens, const Metric& metric);

struct ImportanceProfile {
  std::string method;          // "attention", "rollout", "flow", "norms", "relevance", "gradient_input"
  std::vector<Real> by_token;  // [n]: positions 0 .. n - 1, n - 1 the one that answers
  Real spearman = 0;           // with the truth
};
struct TokenImportance {
  std::vector<Real> truth;  // [n], token_influence
  std::vector<ImportanceProfile> methods;
};
// The metric has one answer; the position that it is about is the source of flow and the row of rollout.
// Methods that have a sign (relevance is positive by construction; gradient × input is not) keep it.
TokenImportance token_importance(const Model& model, const std::vector<TokenId>& tokens, const Metric& metric,
                                 Index draws, Rng& rng);

}  // namespace attn
