// What a head looks at, as numbers. All scores are means over query rows and sequences.
#pragma once

#include <string>
#include <vector>

#include "attn/model/transformer.hpp"

namespace attn {

struct HeadScores {
  int layer = 0, head = 0;
  Real previous = 0;   // mean A[t, t-1], t >= 1
  Real current = 0;    // mean A[t, t]
  Real first = 0;      // mean A[t, 0], t >= 1
  Real duplicate = 0;  // mean Σ_{s<t: x_s = x_t} A[t, s] over t whose token occurred before
  Real induction =
      0;  // mean Σ_{s<t: x_s = x_t} A[t, s+1] over the same t (Olsson et al. 2022, prefix matching)
  Real entropy = 0;        // mean row entropy, nats
  Real entropy_ratio = 0;  // mean of row entropy / log(visible keys), rows with >= 2 keys
  Real distance = 0;       // mean Σ_s A[t, s] (t - s), tokens
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
