#include "attn/attention/softcap.hpp"

#include "gradient_check.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("softcap: c tanh(s / c): below the cap, odd, the identity near zero") {
  Tensor s({1, 6}, {0, Real(1e-3), 1, -1, 50, -1000});
  const Tensor before = s;
  softcap(as_matrix(s.view()), 2);
  for (Index i = 0; i < 6; ++i) {
    CHECK(std::fabs(s.view()[i]) <= 2);
    CHECK(s.view()[i] ==
          doctest::Approx(2 * std::tanh(static_cast<double>(before.view()[i]) / 2)).epsilon(1e-6));
  }
  CHECK(s.view()[2] == -s.view()[3]);
}

TEST_CASE("softcap: backward is its slope") {
  if (!kDouble) return;
  Rng rng(3);
  Tensor s = random_tensor({2, 5}, rng, 2);
  Tensor capped = s, ds(Shape{2, 5});
  softcap(as_matrix(capped.view()), Real(1.5));
  for (Index i = 0; i < 10; ++i) {
    std::fill(ds.data.begin(), ds.data.end(), Real(0));
    ds.view()[i] = 1;
    softcap_backward(as_matrix(ds.view()), as_matrix(capped.view()), Real(1.5));
    const double slope = four_point(
        [&] {
          Tensor y = s;
          softcap(as_matrix(y.view()), Real(1.5));
          return static_cast<double>(y.view()[i]);
        },
        s.view()[i]);
    CHECK(std::fabs(static_cast<double>(ds.view()[i]) - slope) < 1e-9);
  }
}
