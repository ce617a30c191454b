// How strongly a later head reads what an earlier one writes (Elhage et al. 2021, "Three kinds of
// composition" and "Virtual attention heads").
#pragma once

#include <vector>

#include "attn/analysis/interventions.hpp"

namespace attn {

enum class Composition {
  q,  // ‖W_OV¹ W_QK²‖ / ‖W_OV¹‖ ‖W_QK²‖: the earlier head's write as a query
  k,  // ‖W_OV¹ W_QK²ᵀ‖ / …: as a key
  v,  // ‖W_OV¹ W_OV²‖ / …: as a value
};

// Frobenius norms, between 0 and 1, through the d-wide middles. Row vectors: a head writes x W_OV.
Real composition_score(const Model& model, HeadRef from, HeadRef to, Composition how);

// What random Gaussian factors of the same shapes score on average: about 1/√D, and not 0.
Real random_composition(const ModelConfig& config, Index draws, Rng& rng);

struct Compositions {
  HeadRef from, to;
  Real q = 0, k = 0, v = 0;  // the random baseline subtracted
};
// Every pair of an earlier and a later layer.
std::vector<Compositions> compositions(const Model& model, Real baseline);

// A virtual head, the V-composition of two: it moves by P² P¹ what W_OV¹ W_OV² makes of a token. [V, V] =
// W_E W_OV¹ W_OV² W_U (source token × logit), and the map [T, T] of one sequence.
Tensor virtual_ov(const Model& model, HeadRef from, HeadRef to);
Tensor virtual_pattern(ConstView pattern_from, ConstView pattern_to);  // [T, T] each

}  // namespace attn
