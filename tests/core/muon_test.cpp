#include "attn/train/muon.hpp"

#include <doctest.h>

#include <cmath>

#include "attn/math/linalg.hpp"
#include "small_models.hpp"

using namespace attn;

namespace {

double at(const Matrix& m, Index r, Index c) { return static_cast<double>(m(r, c)); }

}  // namespace

TEST_CASE("Newton-Schulz: a 1 x 1 matrix follows the scalar quintic") {
  Real value = -3;
  std::vector<Real> work;
  orthogonalise(Matrix(&value, 1, 1), 2, work);
  const auto p = [](double x) { return 3.4445 * x - 4.7750 * x * x * x + 2.0315 * std::pow(x, 5); };
  CHECK(static_cast<double>(value) == doctest::Approx(p(p(-1))).epsilon(1e-5));
}

TEST_CASE("Newton-Schulz: diagonal matrices keep their signs and lose their scale") {
  // Singular values 1, 1/4, 1/9 of the largest, in every place of a 3 x 4 and a 4 x 3 matrix.
  for (const bool wide : {true, false}) {
    Tensor t(wide ? Shape{3, 4} : Shape{4, 3});
    const Index cols = t.shape[1];
    const Real values[] = {9, Real(-2.25), 1};
    for (Index i = 0; i < 3; ++i) t.data[static_cast<std::size_t>(i * cols + i)] = values[i];
    std::vector<Real> work;
    const Matrix x(t.data.data(), t.shape[0], cols);
    orthogonalise(x, 5, work);
    for (Index i = 0; i < 3; ++i) {
      CHECK(at(x, i, i) * static_cast<double>(values[i]) > 0);
      CHECK(std::fabs(at(x, i, i)) > 0.65);
      CHECK(std::fabs(at(x, i, i)) < 1.25);
    }
    for (Index r = 0; r < x.rows; ++r)
      for (Index c = 0; c < x.cols; ++c)
        if (r != c) CHECK(std::fabs(at(x, r, c)) < 1e-6);
  }
}

TEST_CASE("Newton-Schulz: random matrices of both shapes become nearly orthogonal, whatever their scale") {
  Rng rng(4);
  for (const Shape& shape : {Shape{6, 40}, Shape{40, 6}})
    for (const double scale : {1e-4, 100.0}) {
      Tensor t(shape);
      fill_normal(t.view(), rng, static_cast<Real>(scale));
      const Svd before = svd(t.view());
      std::vector<Real> work;
      orthogonalise(Matrix(t.data.data(), shape[0], shape[1]), 5, work);
      // Uᵀ X V is diagonal still: the directions stay.
      for (Index i = 0; i < 6; ++i)
        for (Index j = 0; j < 6; ++j) {
          double cell = 0;
          for (Index r = 0; r < shape[0]; ++r)
            for (Index c = 0; c < shape[1]; ++c)
              cell += static_cast<double>(before.u.view()[r * 6 + i] * t.view()[r * shape[1] + c] *
                                          before.v.view()[c * 6 + j]);
          if (i == j)
            CHECK(cell > 0.6);
          else
            CHECK(std::fabs(cell) < 0.02);
        }
      for (Real sigma : svd(t.view()).sigma) {
        CHECK(static_cast<double>(sigma) > 0.65);
        CHECK(static_cast<double>(sigma) < 1.25);
      }
    }
  Tensor zeros(Shape{2, 3});
  std::vector<Real> work;
  orthogonalise(Matrix(zeros.data.data(), 2, 3), 5, work);
  for (Real v : zeros.data) CHECK(v == 0);
}

TEST_CASE("Muon takes the matrices of the blocks only") {
  ModelConfig c = test::small_config();
  c.mlp = MlpKind::gelu;
  c.mlp_bias = c.qkv_bias = true;
  for (const ParameterInfo& p : parameter_table(c)) {
    const bool matrix =
        p.name.find("attn.W_") != std::string::npos || p.name.find("mlp.W_") != std::string::npos;
    CHECK_MESSAGE(muon_updates(p) == matrix, p.name);
  }
}

TEST_CASE(
    "one step of Muon: momentum, Nesterov, decay, the scale 0.2 √max(n, m), heads folded the right way") {
  const ModelConfig c = test::small_config();
  Parameters p(c);
  const ParameterInfo* info = p.find("blocks.0.attn.W_O");  // [H, d, D] = [2, 4, 8]: an 8 x 8 matrix
  REQUIRE(info);
  AdamWState state;
  state.m.assign(static_cast<std::size_t>(p.size()), Real(0));
  std::vector<Real> gradients(state.m.size()), work;
  for (Real& w : p.flat()) w = 1;
  Rng rng(9);
  fill_normal(View(gradients.data() + info->offset, Shape{64}), rng, 1);
  const MuonConfig muon;
  muon_update(p, *info, ConstView(gradients.data(), Shape{p.size()}), state, muon, Real(0.1), Real(0.5),
              work);
  // m = 0.05 g; the step's direction is that of g itself, whose scale does not matter
  Tensor g(Shape{8, 8},
           std::vector<Real>(gradients.begin() + info->offset, gradients.begin() + info->offset + 64));
  orthogonalise(Matrix(g.data.data(), 8, 8), 5, work);
  for (Index i = 0; i < 64; ++i) {
    const std::size_t k = static_cast<std::size_t>(info->offset + i);
    CHECK(static_cast<double>(state.m[k]) ==
          doctest::Approx(0.05 * static_cast<double>(gradients[k])).epsilon(1e-5));
    const double expected =
        1 - 0.5 * 0.1 - 0.5 * 0.2 * std::sqrt(8.0) * static_cast<double>(g.data[static_cast<std::size_t>(i)]);
    CHECK(static_cast<double>(p.flat()[info->offset + i]) == doctest::Approx(expected).epsilon(1e-4));
  }
  CHECK(p.flat()[info->offset - 1] == 1);  // the neighbours stay
  CHECK(p.flat()[info->offset + 64] == 1);
}
