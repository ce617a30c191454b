#include "attn/attention/pattern.hpp"

#include "gradient_check.hpp"

using namespace attn;
using namespace attn::test;

namespace {

constexpr Real kInf = std::numeric_limits<Real>::infinity();

Tensor softmax_of(const Tensor& scores, const KeyMask& mask = {}) {
  Tensor p(scores.shape);
  masked_softmax(as_matrix(p.view()), as_matrix(scores.view()), mask, 0);
  return p;
}

double row_sum(const Tensor& p, Index i) {
  double sum = 0;
  for (Index j = 0; j < p.shape[1]; ++j) sum += static_cast<double>(p.view()[i * p.shape[1] + j]);
  return sum;
}

}  // namespace

TEST_CASE("pattern: rows sum to 1 and the unseen weigh exactly 0, at every place of a vector") {
  Rng rng(4);
  KeyMask causal;
  causal.causal = true;
  for (Index n = 1; n <= 37; ++n) {
    const Tensor p = softmax_of(random_tensor({n, n}, rng, 3), causal);
    for (Index i = 0; i < n; ++i) {
      CHECK(row_sum(p, i) == doctest::Approx(1).epsilon(1e-6));
      for (Index j = i + 1; j < n; ++j) CHECK(p.view()[i * n + j] == 0);
    }
    CHECK(p.view()[0] == 1);  // the first query has no choice
  }
}

TEST_CASE("pattern: a score of -inf weighs exactly 0, a row of them all is zeros, not NaN") {
  for (Index n = 1; n <= 19; ++n)
    for (Index hole = 0; hole < n; ++hole) {
      Tensor s(Shape{2, n});
      s.view()[hole] = -kInf;
      for (Index j = 0; j < n; ++j) s.view()[n + j] = -kInf;
      const Tensor p = softmax_of(s);
      CHECK(p.view()[hole] == 0);
      CHECK(row_sum(p, 0) == doctest::Approx(n > 1 ? 1 : 0).epsilon(1e-6));
      for (Index j = 0; j < n; ++j) CHECK(p.view()[n + j] == 0);
    }
}

TEST_CASE("pattern: blind to a shift of the row; scores of 10000 do not overflow") {
  const Tensor p = softmax_of(Tensor({1, 3}, {0, 1, 2})),
               q = softmax_of(Tensor({1, 3}, {10000, 10001, 10002}));
  CHECK(p.data == q.data);
  const Tensor sure = softmax_of(Tensor({1, 3}, {-10000, 10000, 0}));
  CHECK(sure.data == std::vector<Real>{0, 1, 0});
}

TEST_CASE("pattern: the same memory may serve for scores and weights") {
  Rng rng(5);
  KeyMask window;
  window.left = 2, window.right = 1;
  Tensor s = random_tensor({6, 6}, rng);
  const Tensor p = softmax_of(s, window);
  masked_softmax(as_matrix(s.view()), as_matrix(s.view()), window, 0);
  CHECK(s.data == p.data);
}

TEST_CASE("pattern: backward is the full Jacobian P_j (δ_jk - P_k), zero for the unseen") {
  if (!kDouble) return;
  Rng rng(6);
  KeyMask mask;
  mask.causal = true;
  Tensor s = random_tensor({5, 5}, rng);
  const Tensor p = softmax_of(s, mask);
  for (Index out = 0; out < 25; ++out) {
    Tensor ds(Shape{5, 5});
    ds.view()[out] = 1;  // dP
    masked_softmax_backward(as_matrix(ds.view()), as_matrix(p.view()), mask, 0);
    for (Index in = 0; in < 25; ++in) {
      const double slope =
          four_point([&] { return static_cast<double>(softmax_of(s, mask).view()[out]); }, s.view()[in]);
      CHECK(std::fabs(static_cast<double>(ds.view()[in]) - slope) < 1e-9);
      if (in % 5 > in / 5) CHECK(ds.view()[in] == 0);
    }
  }
}
