#include "attn/attention/scores.hpp"

#include "golden.hpp"
#include "gradient_check.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("scores: scale · Q Kᵀ, entry by entry") {
  Rng rng(1);
  const Tensor q = random_tensor({5, 3}, rng), k = random_tensor({7, 3}, rng);
  Tensor s(Shape{5, 7}), want(Shape{5, 7});
  qk_scores(as_matrix(s.view()), as_matrix(q.view()), as_matrix(k.view()), Real(0.4));
  for (Index i = 0; i < 5; ++i)
    for (Index j = 0; j < 7; ++j)
      for (Index c = 0; c < 3; ++c)
        want.view()[i * 7 + j] += Real(0.4) * q.view()[i * 3 + c] * k.view()[j * 3 + c];
  check_close("scores", s, want, 8);
}

TEST_CASE("scores: gradients add or overwrite as asked, and either side may be skipped") {
  Rng rng(2);
  const Tensor q = random_tensor({4, 2}, rng), k = random_tensor({3, 2}, rng),
               ds = random_tensor({4, 3}, rng);
  Tensor dq(Shape{4, 2}), dk(Shape{3, 2}), dk2 = random_tensor({3, 2}, rng);
  const Tensor before = dk2;
  const auto m = [](auto& t) { return as_matrix(t.view()); };
  qk_scores_backward(m(dq), Store::overwrite, m(dk), Store::overwrite, m(ds), m(q), m(k), Real(0.5));
  qk_scores_backward(Matrix(), Store::add, m(dk2), Store::add, m(ds), m(q), m(k), Real(0.5));
  for (Index i = 0; i < 4; ++i)
    for (Index c = 0; c < 2; ++c) {
      double want = 0;  // dQ = scale · dS K
      for (Index j = 0; j < 3; ++j)
        want += 0.5 * static_cast<double>(ds.view()[i * 3 + j] * k.view()[j * 2 + c]);
      CHECK(dq.view()[i * 2 + c] == doctest::Approx(want));
    }
  for (Index e = 0; e < 6; ++e) CHECK(dk2.view()[e] == doctest::Approx(dk.view()[e] + before.view()[e]));
}
