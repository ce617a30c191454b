// Direct logit attribution one step further down: not only which head wrote the answer, but from which token.
#pragma once

#include "attn/analysis/metric.hpp"

namespace attn {

// [L, H, T]: what each head brings from each source token s to the logit of answer.right (less that of
// answer.wrong, if there is one) at the answer's position, P_ts · v_s W_O^h · W_U / σ with the final norm
// frozen at σ (Elhage et al. 2021). Over s it sums to the head's part in direct_logit_attribution. Not for
// post-norm models.
Tensor source_attribution(const Model& model, const TokenBatch& batch, const Answer& answer);

}  // namespace attn
