#include "attn/analysis/composition.hpp"

#include <algorithm>
#include <cmath>

#include "attn/analysis/folding.hpp"
#include "attn/analysis/spectra.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

ConstMatrix matrix(const Tensor& t) { return as_matrix(t.view()); }

Tensor gram(const Tensor& a) { return product(matrix(a).transposed(), matrix(a)); }  // AᵀA

// ‖A M Bᵀ‖_F = √⟨AᵀA · M · BᵀB, M⟩ for A: [n, r], M: [r, s], B: [m, s].
double factored_norm(const Tensor& a, const Tensor& middle, const Tensor& b) {
  const Tensor left = product(matrix(gram(a)), matrix(middle));
  const Tensor both = product(matrix(left), matrix(gram(b)));
  return std::sqrt(
      std::max(0.0, static_cast<double>(vec::dot(both.data.data(), middle.data.data(), middle.size()))));
}

double factored_norm(const Tensor& a, const Tensor& b) {  // ‖A Bᵀ‖_F = √⟨AᵀA, BᵀB⟩
  const Tensor ga = gram(a), gb = gram(b);
  return std::sqrt(std::max(0.0, static_cast<double>(vec::dot(ga.data.data(), gb.data.data(), ga.size()))));
}

// ‖(V Oᵀ)(A Bᵀ)‖ / ‖V Oᵀ‖ ‖A Bᵀ‖ for factors [D, d].
Real score(const Tensor& value, const Tensor& output, const Tensor& a, const Tensor& b) {
  const Tensor middle =
      product(matrix(output).transposed(), matrix(a));  // what is written meets what is read
  const double whole = factored_norm(value, output) * factored_norm(a, b);
  return whole > 0 ? static_cast<Real>(factored_norm(value, middle, b) / whole) : Real(0);
}

Real score(const HeadFactors& from, const HeadFactors& to, Composition how) {
  switch (how) {
    case Composition::q: return score(from.value, from.output, to.query, to.key);
    case Composition::k: return score(from.value, from.output, to.key, to.query);
    case Composition::v: break;
  }
  return score(from.value, from.output, to.value, to.output);
}

void check_order(HeadRef from, HeadRef to) {
  if (from.layer >= to.layer) throw ShapeError("composition goes from an earlier layer into a later one");
}

}  // namespace

// #region composition
Real composition_score(const Model& model, HeadRef from, HeadRef to, Composition how) {
  check_order(from, to);
  return score(head_factors(model, from.layer, from.head), head_factors(model, to.layer, to.head), how);
}
// #endregion

Real random_composition(const ModelConfig& config, Index draws, Rng& rng) {
  const Shape shape{config.width, config.resolved_head_width()};
  double sum = 0;
  for (Index n = 0; n < draws; ++n) {
    Tensor factors[4];
    for (Tensor& f : factors) {
      f = Tensor(shape);
      fill_normal(f, rng, 1);
    }
    sum += static_cast<double>(score(factors[0], factors[1], factors[2], factors[3]));
  }
  return static_cast<Real>(sum / static_cast<double>(draws));
}

std::vector<Compositions> compositions(const Model& model, Real baseline) {
  std::vector<HeadRef> heads;
  std::vector<HeadFactors> factors;
  for (int layer = 0; layer < static_cast<int>(model.config.layers); ++layer)
    for (int head = 0; head < static_cast<int>(model.config.heads); ++head) {
      heads.push_back({layer, head});
      factors.push_back(head_factors(model, layer, head));
    }
  std::vector<Compositions> out;
  for (std::size_t a = 0; a < heads.size(); ++a)
    for (std::size_t b = a + 1; b < heads.size(); ++b) {
      if (heads[a].layer == heads[b].layer) continue;
      const auto of = [&](Composition how) { return score(factors[a], factors[b], how) - baseline; };
      out.push_back({heads[a], heads[b], of(Composition::q), of(Composition::k), of(Composition::v)});
    }
  return out;
}

Tensor virtual_ov(const Model& model, HeadRef from, HeadRef to) {
  check_order(from, to);
  const HeadMatrices first = head_matrices(model, from.layer, from.head);
  const HeadMatrices second = head_matrices(model, to.layer, to.head);
  const Tensor e = read_by(model, from.layer, embedding(model));                                 // [V, D]
  const Tensor written = product(matrix(product(matrix(e), first.value)), first.output);         // [V, D]
  const Tensor read = product(matrix(read_by(model, to.layer, matrix(written))), second.value);  // [V, d]
  return product(matrix(read), matrix(product(second.output, matrix(folded_unembedding(model)))));
}

Tensor virtual_pattern(ConstView pattern_from, ConstView pattern_to) {
  return product(as_matrix(pattern_to), as_matrix(pattern_from));
}

}  // namespace attn
