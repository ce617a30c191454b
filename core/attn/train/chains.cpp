// Markov chains: one transition matrix per sequence (to be inferred in context) or one for all
// sequences (to be memorised), and the exact posterior predictors of the first.
#include <algorithm>

#include "attn/train/sequences.hpp"

namespace attn {

namespace {

// rows draws from Dirichlet(1, …, 1) over V outcomes, as running sums: out[r, j] = Σ_{i<=j} p_i.
// The gaps between V - 1 sorted uniform numbers have exactly this distribution, and unlike
// normalised logarithms they are the same bits on every platform.
void draw_transitions(Index rows, Index vocab, Rng& rng, std::vector<double>& out) {
  out.resize(static_cast<std::size_t>(rows * vocab));
  for (Index r = 0; r < rows; ++r) {
    double* row = out.data() + r * vocab;
    for (Index j = 0; j + 1 < vocab; ++j) row[j] = rng.uniform();
    std::sort(row, row + vocab - 1);
    row[vocab - 1] = 1;
  }
}

TokenId draw(const double* cumulative, Index vocab, Rng& rng) {
  return static_cast<TokenId>(std::upper_bound(cumulative, cumulative + vocab - 1, rng.uniform()) -
                              cumulative);
}

Index contexts(const TaskConfig& c) {
  Index rows = 1;
  for (Index i = 0; i < c.order; ++i) rows *= c.vocab;
  return rows;
}

// The first `order` tokens are uniform; then x_t ~ row of (x_{t-order}, …, x_{t-1}).
void walk(const TaskConfig& c, const std::vector<double>& transitions, Rng& rng, const Sequence& out) {
  const Index rows = contexts(c);
  Index context = 0;  // the last `order` tokens as digits in base V
  for (Index t = 0; t <= out.length; ++t) {
    out.tokens[t] = t < c.order ? static_cast<TokenId>(rng.below(c.vocab))
                                : draw(transitions.data() + context * c.vocab, c.vocab, rng);
    context = (context * c.vocab + out.tokens[t]) % rows;
  }
  std::fill_n(out.weights, out.length, Real(1));
}

// One matrix for all sequences, batches and seeds: a function of vocabulary and order alone.
void share_transitions(const TaskConfig& c, TaskScratch& scratch) {
  if (scratch.shared_vocab == c.vocab && scratch.shared_order == c.order) return;
  Rng fixed(0x6e6772616dULL, static_cast<std::uint64_t>(c.order));  // "ngram"
  draw_transitions(contexts(c), c.vocab, fixed, scratch.transitions);
  scratch.shared_vocab = c.vocab;
  scratch.shared_order = c.order;
}

}  // namespace

// In-context Markov chain: a fresh matrix for every sequence (Edelman et al. 2024).
void make_markov(const TaskConfig& c, Rng& rng, TaskScratch& scratch, const Sequence& out) {
  draw_transitions(contexts(c), c.vocab, rng, scratch.transitions);
  scratch.shared_vocab = scratch.shared_order = 0;
  walk(c, scratch.transitions, rng, out);
}

void make_ngram(const TaskConfig& c, Rng& rng, TaskScratch& scratch, const Sequence& out) {
  share_transitions(c, scratch);
  walk(c, scratch.transitions, rng, out);
}

// #region backcopy
// Bigram–Backcopy (Guo et al. 2024): letters follow the chain of the n-gram task, less its token
// 0, which only starts; after a trigger comes the letter before it. The first letter is no trigger.
void make_backcopy(const TaskConfig& c, Rng& rng, TaskScratch& scratch, const Sequence& out) {
  share_transitions(c, scratch);
  const TokenId first_trigger = static_cast<TokenId>(c.vocab - backcopy_triggers);
  out.tokens[0] = 0;
  for (Index t = 1; t <= out.length; ++t) {
    const TokenId last = out.tokens[t - 1];
    if (last >= first_trigger) {
      out.tokens[t] = out.tokens[t - 2];
      out.match[t - 1] = t - 2;
      continue;
    }
    do out.tokens[t] = draw(scratch.transitions.data() + last * c.vocab, c.vocab, rng);
    while (out.tokens[t] == 0 || (t == 1 && out.tokens[t] >= first_trigger));
  }
  std::fill_n(out.weights, out.length, Real(1));
}
// #endregion backcopy

// #region markov-posteriors
// What an observer who knows the prior but not the matrix predicts after x_0 … x_t (Edelman et
// al. 2024): uniform 1/k; unigram (n_j + 1) / (n + k); bigram (n_ij + 1) / (n_i + k), i = x_t,
// the mean of the Dirichlet posterior of row i.
Tensor strategy_probabilities(const TokenBatch& batch, Index vocab, Strategy strategy) {
  const Index k = vocab;
  Tensor p(Shape{batch.batch, batch.length, k});              // [B, T, V]
  std::vector<Real> counts(static_cast<std::size_t>(k * k));  // n_ij, or n_j in row 0
  for (Index b = 0; b < batch.batch; ++b) {
    std::fill(counts.begin(), counts.end(), Real(0));
    for (Index t = 0; t < batch.length; ++t) {
      const TokenId* x = batch.tokens.data() + b * batch.length + t;
      if (strategy == Strategy::unigram) ++counts[static_cast<std::size_t>(x[0])];
      if (strategy == Strategy::bigram && t > 0) ++counts[static_cast<std::size_t>(x[-1] * k + x[0])];
      const Real* row = counts.data() + (strategy == Strategy::bigram ? x[0] * k : 0);
      Real n = 0;
      for (Index j = 0; j < k; ++j) n += row[j];
      Real* out = p.data.data() + (b * batch.length + t) * k;
      for (Index j = 0; j < k; ++j) out[j] = (row[j] + 1) / (n + static_cast<Real>(k));
    }
  }
  return p;
}
// #endregion

}  // namespace attn
