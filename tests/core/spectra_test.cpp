#include "attn/analysis/spectra.hpp"

#include <doctest.h>

#include <cmath>

#include "attn/analysis/circuits.hpp"
#include "attn/math/linalg.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {

double d(Real x) { return static_cast<double>(x); }

ModelConfig config_with(NormKind kind) {
  ModelConfig c = small_config();
  c.heads = 4, c.kv_heads = 2, c.norm_kind = kind;
  return c;
}

double at(const Tensor& m, Index i, Index j) { return d(m.view()[i * m.shape[1] + j]); }

// E W Fᵀ entry by entry.
double form(ConstView e, Index a, const Tensor& w, Index b) {
  const Index D = w.shape[0];
  double sum = 0;
  for (Index i = 0; i < D; ++i)
    for (Index j = 0; j < D; ++j) sum += d(e[a * D + i]) * at(w, i, j) * d(e[b * D + j]);
  return sum;
}

}  // namespace

TEST_CASE("spectra: the residual maps, met with embeddings, are the token tables") {
  for (NormKind kind : {NormKind::rms_norm, NormKind::layer_norm}) {
    const Model m = random_model(config_with(kind), 7);
    const ConstView e = m.parameters["embed.W_E"];
    for (int h : {0, 3}) {
      const Tensor qk = residual_qk(m, 1, h), table = qk_circuit(m, 1, h);
      for (Index a = 0; a < 7; ++a)
        for (Index b = 0; b < 7; ++b)
          CHECK(form(e, a, qk, b) == doctest::Approx(at(table, a, b)).epsilon(1e-3));
    }
  }
}

TEST_CASE("spectra: singular values without forming the D x D product") {
  const Model m = random_model(config_with(NormKind::layer_norm), 8);
  for (int h : {1, 2}) {
    const std::vector<Real> qk = qk_singular_values(m, 0, h), ov = ov_singular_values(m, 0, h);
    const std::vector<Real> whole_qk = svd(residual_qk(m, 0, h)).sigma;
    const std::vector<Real> whole_ov = svd(residual_ov(m, 0, h)).sigma;
    REQUIRE(qk.size() == 2);  // d, of the 8 the product has
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(d(qk[i]) == doctest::Approx(d(whole_qk[i])).epsilon(1e-4));
      CHECK(d(ov[i]) == doctest::Approx(d(whole_ov[i])).epsilon(1e-4));
    }
    CHECK(d(whole_qk[2]) < 1e-4 * d(whole_qk[0]));
  }
  CHECK_THROWS_AS(factored_singular_values(Tensor(Shape{3, 2}), Tensor(Shape{3, 1})), ShapeError);
}

TEST_CASE("spectra: ranks of spectra worked by hand") {
  CHECK(d(effective_rank({2, 2, 2, 2})) == doctest::Approx(4));
  CHECK(d(effective_rank({5, 0, 0})) == doctest::Approx(1));
  CHECK(d(effective_rank({3, 1})) == doctest::Approx(4 / std::pow(3, 0.75)));  // exp(ln 4 - ¾ ln 3)
  CHECK(effective_rank({0, 0}) == 0);
  CHECK(d(stable_rank({2, 1, 1})) == doctest::Approx(1.5));
  CHECK(stable_rank({}) == 0);
}

TEST_CASE("spectra: symmetry is 1 with tied queries and keys, -1 for a skew form, and that of the parts") {
  Model m = random_model(small_config(), 9);
  m.config.norm = NormPlacement::none;
  const View q = m.parameters["blocks.0.attn.W_Q"], k = m.parameters["blocks.0.attn.W_K"];  // [D, H, d]
  const Tensor w = residual_qk(m, 0, 0);
  double symmetric = 0, skew = 0;
  for (Index i = 0; i < 8; ++i)
    for (Index j = 0; j < 8; ++j) {
      symmetric += std::pow((at(w, i, j) + at(w, j, i)) / 2, 2);
      skew += std::pow((at(w, i, j) - at(w, j, i)) / 2, 2);
    }
  CHECK(d(qk_symmetry(m, 0, 0)) == doctest::Approx((symmetric - skew) / (symmetric + skew)).epsilon(1e-4));
  std::copy(q.begin(), q.end(), k.begin());
  CHECK(d(qk_symmetry(m, 0, 1)) == doctest::Approx(1).epsilon(1e-4));
  for (Index i = 0; i < 8; ++i)
    for (Index h = 0; h < 2; ++h)
      for (Index j = 0; j < 4; j += 2) {  // K = (q₂, -q₁, …): W = q₁ q₂ᵀ - q₂ q₁ᵀ + …
        k[(i * 2 + h) * 4 + j] = q[(i * 2 + h) * 4 + j + 1];
        k[(i * 2 + h) * 4 + j + 1] = -q[(i * 2 + h) * 4 + j];
      }
  CHECK(d(qk_symmetry(m, 0, 1)) == doctest::Approx(-1).epsilon(1e-4));
}
