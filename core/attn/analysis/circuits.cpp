#include "attn/analysis/circuits.hpp"

#include "attn/analysis/folding.hpp"
#include "attn/math/linalg.hpp"

namespace attn {

namespace {

ConstMatrix matrix(const Tensor& t) { return as_matrix(t.view()); }

// scale · X W_Q W_Kᵀ Yᵀ through the d-wide middle, never at full width.
Tensor bilinear(const Model& model, const HeadMatrices& head, const Tensor& queries, const Tensor& keys) {
  const Tensor q = product(matrix(queries), head.query);  // [n, d]
  const Tensor k = product(matrix(keys), head.key);       // [m, d]
  return product(matrix(q), matrix(k).transposed(), score_scale(model.config));
}

}  // namespace

// #region circuits
Tensor qk_circuit(const Model& model, int layer, int head) {
  const Tensor e = read_by(model, layer, embedding(model));  // [V, D]
  return bilinear(model, head_matrices(model, layer, head), e, e);
}

Tensor qk_positions(const Model& model, int layer, int head) {
  if (!model.parameters.has("pos_embed.W_pos")) return Tensor(Shape{0, 0});
  const Tensor p =
      read_by(model, layer, as_matrix(ConstView(model.parameters["pos_embed.W_pos"])));  // [T, D]
  return bilinear(model, head_matrices(model, layer, head), p, p);
}

Tensor ov_circuit(const Model& model, int layer, int head) {
  const HeadMatrices w = head_matrices(model, layer, head);
  const Tensor e = read_by(model, layer, embedding(model));               // [V, D]
  const Tensor v = product(matrix(e), w.value);                           // [V, d]
  const Tensor u = product(w.output, matrix(folded_unembedding(model)));  // [d, V]
  return product(matrix(v), matrix(u));
}

// What the earlier head writes about its source token, read as a key by the later head and
// matched with a plain token as the query (Elhage et al. 2021, "K-composition").
Tensor k_composition(const Model& model, HeadRef from, HeadRef to) {
  if (from.layer >= to.layer) throw ShapeError("K-composition goes from an earlier layer into a later one");
  const HeadMatrices w = head_matrices(model, from.layer, from.head);
  const Tensor e = read_by(model, from.layer, embedding(model));                  // [V, D]
  const Tensor written = product(matrix(product(matrix(e), w.value)), w.output);  // [V, D]
  const Tensor keys = read_by(model, to.layer, matrix(written));
  const Tensor queries = read_by(model, to.layer, embedding(model));
  const HeadMatrices later = head_matrices(model, to.layer, to.head);
  const Tensor k = product(matrix(keys), later.key);       // [V, d]
  const Tensor q = product(matrix(queries), later.query);  // [V, d]
  return product(matrix(k), matrix(q).transposed(), score_scale(model.config));
}

Copying copying_score(const Model& model, int layer, int head) {
  const HeadMatrices w = head_matrices(model, layer, head);
  const Tensor e = read_by(model, layer, embedding(model));
  const Tensor a = product(matrix(e), w.value);                           // [V, d]
  const Tensor b = product(w.output, matrix(folded_unembedding(model)));  // [d, V]
  Copying out;
  out.eigenvalues = factored_eigenvalues(a, b);
  // The matrix is real, so complex eigenvalues come in conjugate pairs and their sum is real.
  double sum = 0, moduli = 0;
  for (const std::complex<Real>& value : out.eigenvalues) {
    sum += static_cast<double>(value.real());
    moduli += static_cast<double>(std::abs(value));
  }
  out.score = moduli > 0 ? static_cast<Real>(sum / moduli) : Real(0);
  return out;
}
// #endregion

}  // namespace attn
