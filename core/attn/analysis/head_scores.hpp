// What a head looks at, as numbers. All scores are means over query rows and sequences.
#pragma once

#include <string>
#include <vector>

#include "attn/model/transformer.hpp"

namespace attn {

// Mean over the rows that were counted; 0 when none was.
struct RowMean {
  double sum = 0;
  Index rows = 0;
  void add(double x) {
    sum += x;
    ++rows;
  }
  Real value() const { return rows ? static_cast<Real>(sum / static_cast<double>(rows)) : Real(0); }
};

struct HeadScores {
  int layer = 0, head = 0;
  Real previous = 0;       // mean A[t, t-1], t >= 1
  Real current = 0;        // mean A[t, t]
  Real first = 0;          // mean A[t, 0], t >= 1
  Real duplicate = 0;      // mean Σ_{s<t: x_s = x_t} A[t, s] over t whose token occurred before
  Real induction = 0;      // mean Σ_{s<t: x_s = x_t} A[t, s+1] over the same t (Olsson et al. 2022)
  Real entropy = 0;        // mean row entropy, nats
  Real entropy_ratio = 0;  // mean of row entropy / log(visible keys), rows with >= 2 keys
  Real distance = 0;       // mean Σ_s A[t, s] (t - s), tokens
};

// One head's scores, gathered row by row: for text that comes sequence by sequence.
class HeadScoreMeans {
 public:
  // One query row: a[s] = A[t, s], s <= t; x: the tokens of the sequence.
  void add_row(const Real* a, Index t, const TokenId* x);
  HeadScores value(int layer, int head) const;

 private:
  RowMean previous_, current_, first_, duplicate_, induction_, entropy_, entropy_ratio_, distance_;
};

// Scores of every head on given sequences, pattern [B, H, T, T] of each layer read through hooks.
std::vector<HeadScores> head_scores(const Model& model, const TokenBatch& batch);
// The same from patterns already at hand: patterns[l] is [B, H, T, T].
std::vector<HeadScores> head_scores(const std::vector<Tensor>& patterns, const TokenBatch& batch);
// What uniform causal attention scores on this batch: the baseline to print beside every score.
HeadScores uniform_baseline(const TokenBatch& batch);

// The random-repeat protocol: `batch` sequences of `half` random tokens, repeated once.
TokenBatch random_repeat_batch(Index vocab, Index batch, Index half, Rng& rng);

}  // namespace attn
