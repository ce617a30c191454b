// Softmax's sparse relatives over a row, exact: p = [(α - 1) z - τ]₊^(1/(α-1)) with τ such that Σp = 1, for α
// = 3/2 (Peters et al. 2019, "Sparse Sequence-to-Sequence Models", algorithm 2) and α = 2, sparsemax (Martins
// & Astudillo 2016, algorithm 1). Entries of -inf stay exactly 0; a row of nothing but -inf gives zeros.
#pragma once

#include "attn/base/tensor.hpp"

namespace attn {

void entmax15_row(Real* z, Index n);   // in place
void sparsemax_row(Real* z, Index n);  // in place

// In place: on entry dp, on return dz = s ∘ (dp - ⟨s, dp⟩ / Σs), s_i = p_i^(2 - α) on the support (Peters et
// al. 2019, proposition 2): √p for α = 3/2, 1 for sparsemax.
void entmax15_row_backward(Real* dz, const Real* p, Index n);
void sparsemax_row_backward(Real* dz, const Real* p, Index n);

}  // namespace attn
