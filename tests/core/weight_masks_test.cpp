#include "attn/adapt/weight_masks.hpp"

#include <doctest.h>

#include <cmath>

#include "attn/base/tensor.hpp"

using namespace attn;

// Dossier of chapter 12, question 3: W = (1, 0.5), ‖X₁‖ = 0.1, ‖X₂‖ = 1.
TEST_CASE("masks: magnitude drops the small weight, Wanda the one that meets little") {
  Tensor w(Shape{2, 1}, {1, Real(0.5)});
  const Tensor x(Shape{2, 2}, {Real(0.06), Real(0.6), Real(0.08), Real(-0.8)});
  CHECK(magnitude_mask(as_matrix(w.view()), Real(0.5)) == std::vector<bool>{true, false});
  const std::vector<bool> wanda = wanda_mask(as_matrix(ConstView(w)), as_matrix(x.view()), Real(0.5));
  CHECK(wanda == std::vector<bool>{false, true});
  apply_mask(as_matrix(w.view()), wanda);
  CHECK(w.data == std::vector<Real>{0, Real(0.5)});
}

TEST_CASE("masks: every output loses its own share, ties from the first input") {
  const Tensor w(Shape{4, 2}, {1, 9, -2, 8, 3, 7, -4, 6});
  CHECK(magnitude_mask(as_matrix(w.view()), Real(0.5)) ==
        std::vector<bool>{false, true, false, true, true, false, true, false});
  CHECK(magnitude_mask(as_matrix(w.view()), Real(0.49)) ==  // ⌊0.49 · 4⌋ = 1
        std::vector<bool>{false, true, true, true, true, true, true, false});
  const Tensor same(Shape{3, 1}, {1, 1, 1});
  CHECK(magnitude_mask(as_matrix(same.view()), Real(0.67)) == std::vector<bool>{false, false, true});
  CHECK_THROWS_AS(magnitude_mask(as_matrix(w.view()), Real(1.5)), ShapeError);
  CHECK_THROWS_AS(wanda_mask(as_matrix(w.view()), as_matrix(w.view()), Real(0.5)), ShapeError);
}

// What Wanda minimises: with inputs of orthogonal columns the error of dropping W_i alone is |W_i| ‖X_i‖.
TEST_CASE("masks: Wanda's score is the output error of dropping one weight") {
  const Tensor w(Shape{3, 1}, {2, -3, 1}), x(Shape{3, 3}, {1, 0, 0, 0, Real(0.5), 0, 0, 0, 4});
  const double errors[] = {2, 1.5, 4};
  for (Real fraction : {Real(0.34), Real(0.67)}) {
    const std::vector<bool> keep = wanda_mask(as_matrix(w.view()), as_matrix(x.view()), fraction);
    double dropped = 0, cheapest = 0;
    for (std::size_t i = 0; i < 3; ++i) dropped += keep[i] ? 0 : errors[i] * errors[i];
    cheapest = fraction < Real(0.5) ? 1.5 * 1.5 : 1.5 * 1.5 + 2 * 2;
    CHECK(dropped == doctest::Approx(cheapest));
  }
}
