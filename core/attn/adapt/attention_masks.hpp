// Attention with a share of its weights gone: the rules of weight_masks.hpp on the four matrices of every
// layer.
#pragma once

#include "attn/math/random.hpp"
#include "attn/model/transformer.hpp"

namespace attn {

enum class MaskBy {
  magnitude,
  wanda,
  random,  // equally many of every output, whichever they are: the control of the two rules
};

// W_Q, W_K, W_V and W_O with ⌊fraction · inputs⌋ weights of every output at 0. What the matrices meet is
// measured on the calibration batch in the whole model (Wanda walks layer by layer and measures each behind
// the layers already thinned). Only `random` draws.
Model masked_attention(const Model& model, const TokenBatch& calibration, MaskBy by, Real fraction, Rng& rng);

}  // namespace attn
