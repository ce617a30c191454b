// e^(x·y) as a mean over random features (Choromanski et al. 2021, Performer, arXiv 2009.14794, Lemma 1 and
// 2).
#pragma once

#include "attn/math/matmul.hpp"
#include "attn/math/random.hpp"

namespace attn {

enum class FeatureKind {
  trigonometric,  // e^(‖x‖²/2) (sin ω·x, cos ω·x): may be negative
  positive,       // e^(ω·x - ‖x‖²/2)
  hyperbolic,     // (e^(ω·x), e^(-ω·x)) e^(-‖x‖²/2) / √2
};

// ω: [m, d]. Rows are independent N(0, I), or in blocks of d mutually orthogonal rows of the same lengths'
// distribution (section 2.4 there): still unbiased, with less variance.
Tensor draw_features(Index count, Index width, bool orthogonal, Rng& rng);

// φ(x): m numbers, or 2m for the kinds that take two per ω; scaled so that φ(x)·φ(y) estimates e^(x·y).
Index feature_count(FeatureKind kind, Index draws);
void feature_map(FeatureKind kind, ConstMatrix omega, const Real* x, Real* out);

// E (φ(x)·φ(y) - e^(x·y))² for m independent rows, from ‖x + y‖², ‖x - y‖² and x·y (Lemma 2 there).
double feature_error(FeatureKind kind, Index draws, double plus, double minus, double dot);

}  // namespace attn
