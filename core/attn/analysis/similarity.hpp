// How alike two heads are: by where they look and by what they carry.
#pragma once

#include <vector>

#include "attn/base/tensor.hpp"
#include "attn/model/transformer.hpp"

namespace attn {

// Jensen–Shannon divergence of two distributions, in bits: 0 for the same, 1 for disjoint ones.
Real jensen_shannon(const Real* p, const Real* q, Index n);

// Linear CKA of two sets of N rows, [N, p] and [N, q], columns centred: ‖BᵀA‖² / ‖AᵀA‖ ‖BᵀB‖ (Kornblith et
// al. 2019, eq. 3 with a linear kernel). 1 for equal up to rotation and scale. NaN if one does not vary.
Real linear_cka(ConstView a, ConstView b);

// Every pair of heads of the model on a batch, [L·H, L·H] in the order of layers. Padding is left out.
struct HeadSimilarity {
  Tensor pattern_distance;  // mean over query rows of the divergence, [L·H, L·H]
  Tensor output_cka;        // of what they write: z W_O is as wide for all, and z alone has CKA of its own
};
HeadSimilarity head_similarity(const Model& model, const TokenBatch& batch);

}  // namespace attn
