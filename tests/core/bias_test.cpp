#include "attn/attention/bias.hpp"

#include "golden_op.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("ALiBi: the authors' slopes, for powers of two and other head counts") {
  const Golden golden("ops.safetensors");
  for (Index heads : {1, 2, 3, 8, 12, 20}) {
    Tensor slopes(Shape{heads});
    alibi_slopes(slopes);
    check_close("slopes", slopes, golden.tensor("alibi/" + std::to_string(heads)), 4);
  }
  Tensor eight(Shape{8});
  alibi_slopes(eight);
  for (Index h = 0; h < 8; ++h)
    CHECK(eight.view()[h] == std::ldexp(Real(1), -static_cast<int>(h) - 1));  // 1/2 … 1/256
}

TEST_CASE("ALiBi: the bias falls linearly with distance, from the past's last position on") {
  Tensor slopes({2}, {1, Real(0.5)}), bias(Shape{2, 2, 5});
  alibi_bias(bias, slopes, 3);
  CHECK(bias.view()[0] == -3);      // query at position 3, key 0
  CHECK(bias.view()[3] == 0);       // itself
  CHECK(bias.view()[5 + 1] == -3);  // query at position 4, key 1
  CHECK(bias.view()[10] == Real(-1.5));
}

TEST_CASE("T5: the buckets of Hugging Face's formula for distances -200 … 200") {
  const Golden golden("ops.safetensors");
  const auto relative = golden.integers("t5_bucket/relative");
  for (bool bidirectional : {false, true})
    for (Index buckets : {32, 8}) {
      const Index distance = buckets == 32 ? 128 : 20;
      const auto want = golden.integers("t5_bucket/" + std::to_string(bidirectional) + "." +
                                        std::to_string(buckets) + "." + std::to_string(distance));
      for (std::size_t i = 0; i < relative.size(); ++i)
        CHECK(t5_bucket(static_cast<Index>(relative[i]), bidirectional, buckets, distance) == want[i]);
    }
}

TEST_CASE("T5: Jacobian of the bias in its table") {
  Rng rng(15);
  check_jacobian([](Tape& t, const std::vector<Var>& v) { return t5_bias(t, v[0], 2, 5, 3, false, 6); },
                 {random_tensor({4, 2}, rng)});
  check_jacobian([](Tape& t, const std::vector<Var>& v) { return t5_bias(t, v[0], 4, 4, 0, true, 4); },
                 {random_tensor({8, 2}, rng)});
}
