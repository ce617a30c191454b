// What fine-tuning did to each head: to its weights, to where it looks, and whether what it writes now is
// enough, or needed, for the new task (cross-model activation patching, CMAP: Prakash et al. 2024).
#pragma once

#include "attn/analysis/metric.hpp"

namespace attn {

struct HeadChange {
  Tensor weights;     // [L, H, 4]: ‖ΔW‖ / ‖W‖ of the head's part of W_Q, W_K, W_V, W_O
  Tensor divergence;  // [L, H]: Jensen–Shannon, bits, mean over the rows that are asked
  Tensor enough;      // [L, H]: accuracy of the base when this head's write comes from the tuned model
  Tensor needed;      // [L, H]: accuracy of the tuned model when this head's write comes from the base
  Tensor layer_enough, layer_needed;  // [L]: the same with all heads of a layer
  Real base = 0, tuned = 0;           // accuracy of both
};

// Two models of one config, heads with keys and values of their own. asked: the rows that are asked.
HeadChange head_change(const Model& base, const Model& tuned, const TokenBatch& batch, const Metric& asked);

}  // namespace attn
