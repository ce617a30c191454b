// How loudly a head speaks: the length of what it writes into the residual stream, z_h W_O^h.
#pragma once

#include "attn/analysis/metric.hpp"
#include "attn/model/transformer.hpp"

namespace attn {

// [L, H] each: the mean length at the places that answer, the mean at all others (0 if there are none), and
// the largest anywhere.
struct HeadWrites {
  Tensor asked, other, largest;
};

HeadWrites head_writes(const Model& model, const TokenBatch& batch, const std::vector<Answer>& answers);

}  // namespace attn
