// What a head looks at in text: the scores of head_scores.hpp and those that need to know which
// tokens make up a word. Sequences come one by one; every score is a mean over query rows.
#pragma once

#include <array>
#include <vector>

#include "attn/analysis/head_scores.hpp"

namespace attn {

// How the T tokens of one sequence make up its words.
struct WordLayout {
  std::vector<Index> word;        // [T] word of each token; -1: none (the document separator)
  std::vector<bool> punctuation;  // [words]
  Index words() const { return static_cast<Index>(punctuation.size()); }
};

struct HeadRoles {
  HeadScores scores;         // token by token: previous, current, first, duplicate, induction, entropy …
  Real previous_across = 0;  // mean A[t, t-1] over t that open a word: the last piece of another word
  Real inside = 0;           // mean Σ_{s<t, same word} A[t, s] over t that continue a word
  Real punctuation = 0;      // mean Σ_{s<t, mark} A[t, s] over t with a punctuation mark before them
  // The best fixed distance k in 1..max_offset, over rows t > k, so that token 0 (the sink) stays out.
  int offset = 1;
  Real offset_weight = 0;  // mean A[t, t-k]
  Real offset_top = 0;     // share of rows whose largest weight is at t-k (Voita et al. 2019, §5.1: 0.9)
};

constexpr int max_offset = 16;

// One head, row by row.
class HeadRoleMeans {
 public:
  // One query row: a[s] = A[t, s], s <= t; x and layout belong to the whole sequence.
  void add_row(const Real* a, Index t, const TokenId* x, const WordLayout& layout);
  HeadRoles value(int layer, int head) const;

 private:
  void add_offsets(const Real* a, Index t);
  HeadScoreMeans scores_;
  RowMean previous_across_, inside_, punctuation_;
  std::array<RowMean, max_offset> weight_, top_;  // [k - 1]
};

// All heads of a model and, beside them, what uniform causal attention scores on the same rows.
class RoleMeter {
 public:
  RoleMeter(Index layers, Index heads);
  // patterns[l] is [H, T, T] or [1, H, T, T]: one sequence of T tokens.
  void add(const std::vector<Tensor>& patterns, const std::vector<TokenId>& tokens, const WordLayout& layout);
  std::vector<HeadRoles> roles() const;  // layer by layer
  HeadRoles uniform() const { return uniform_.value(-1, -1); }

 private:
  Index layers_, heads_;
  std::vector<HeadRoleMeans> means_;  // [L · H]
  HeadRoleMeans uniform_;
};

// The pattern of every layer, [1, H, T, T] each, of one sequence.
std::vector<Tensor> patterns_of(const Model& model, const std::vector<TokenId>& tokens);

}  // namespace attn
