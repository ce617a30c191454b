// Causal tracing (Meng et al. 2022, "Locating and Editing Factual Associations in GPT", section 2.1): blur
// the subject, then give one state its clean value back and see how much of the answer returns.
#pragma once

#include <vector>

#include "attn/analysis/metric.hpp"

namespace attn {

// Standard deviation of the numbers in the embeddings of these tokens; ν = 3 of it in the authors' code.
Real embedding_std(const Model& model, const std::vector<TokenId>& subject);

// [S, T, D]: S draws of N(0, std²) on positions [first, first + count), zero elsewhere.
Tensor subject_noise(Index draws, Index length, Index width, Index first, Index count, Real std, Rng& rng);

struct CausalTrace {
  Real clean = 0, corrupted = 0;  // the metric as it is, and with noise, averaged over the draws
  Tensor restored;                // [L, T]: with noise, and the state at (layer, position) restored
};

struct TraceOptions {
  Site site = Site::resid_post;  // what is restored; attn_out and mlp_out with a window
  // Restored together: layers [l - ⌊w/2⌋, l + ⌈w/2⌉), as in the authors' trace_important_window.
  Index window = 1;
};

// tokens: T; the metric's answers are about this one sequence. noise [S, T, D] is added to the embeddings.
CausalTrace causal_trace(const Model& model, const std::vector<TokenId>& tokens, const Metric& metric,
                         const Tensor& noise, const TraceOptions& options = {});

}  // namespace attn
