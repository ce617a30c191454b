#include "attn/attention/mix.hpp"

#include "golden.hpp"
#include "gradient_check.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("mix: each query's weighted mean of the values, whatever their width") {
  Rng rng(7);
  const Tensor p = random_tensor({3, 4}, rng), v = random_tensor({4, 5}, rng);
  Tensor z(Shape{3, 5}), want(Shape{3, 5});
  mix(as_matrix(z.view()), as_matrix(p.view()), as_matrix(v.view()));
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 4; ++j)
      for (Index c = 0; c < 5; ++c) want.view()[i * 5 + c] += p.view()[i * 4 + j] * v.view()[j * 5 + c];
  check_close("mix", z, want, 8);
}

TEST_CASE("mix: backward dP = dZ Vᵀ, dV = Pᵀ dZ") {
  Rng rng(8);
  const Tensor p = random_tensor({3, 4}, rng), v = random_tensor({4, 5}, rng),
               dz = random_tensor({3, 5}, rng);
  Tensor dp(Shape{3, 4}), dv(Shape{4, 5}), want_p(Shape{3, 4}), want_v(Shape{4, 5});
  mix_backward(as_matrix(dp.view()), as_matrix(dv.view()), Store::overwrite, as_matrix(dz.view()),
               as_matrix(p.view()), as_matrix(v.view()));
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 4; ++j)
      for (Index c = 0; c < 5; ++c) {
        want_p.view()[i * 4 + j] += dz.view()[i * 5 + c] * v.view()[j * 5 + c];
        want_v.view()[j * 5 + c] += p.view()[i * 4 + j] * dz.view()[i * 5 + c];
      }
  check_close("dP", dp, want_p, 8);
  check_close("dV", dv, want_v, 8);
}
