#include "attn/analysis/similarity.hpp"

#include <cmath>

#include "attn/analysis/activations.hpp"
#include "attn/attention/heads.hpp"
#include "golden.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {
double d(Real x) { return static_cast<double>(x); }
}  // namespace

TEST_CASE("similarity: Jensen-Shannon is 0 for the same, 1 for disjoint, and symmetric") {
  const Real p[] = {1, 0, 0}, q[] = {0, Real(0.5), Real(0.5)}, r[] = {Real(0.5), Real(0.5), 0};
  CHECK(jensen_shannon(p, p, 3) == 0);
  CHECK(d(jensen_shannon(p, q, 3)) == doctest::Approx(1));
  // M = (¾, ¼, 0): ½ log₂(4/3) + ½ (½ log₂(2/3) + ½ log₂ 2)
  CHECK(d(jensen_shannon(p, r, 3)) ==
        doctest::Approx(std::log2(4.0 / 3) / 2 + std::log2(2.0 / 3) / 4 + 0.25));
  CHECK(jensen_shannon(p, r, 3) == jensen_shannon(r, p, 3));
}

TEST_CASE("similarity: linear CKA against its definition, and what it does not see") {
  const Golden golden("likeness.safetensors");
  const Tensor a = golden.tensor("cka/a"), b = golden.tensor("cka/b");
  CHECK(d(linear_cka(a, b)) == doctest::Approx(d(golden.tensor("cka").data[0])).epsilon(1e-5));
  Tensor turned(Shape{40, 5});  // columns permuted, scaled by -3 and shifted: a similarity
  for (Index i = 0; i < 40; ++i)
    for (Index j = 0; j < 5; ++j) turned.view()[i * 5 + j] = 2 - 3 * a.view()[i * 5 + (j + 2) % 5];
  CHECK(d(linear_cka(a, turned)) == doctest::Approx(1).epsilon(1e-5));
  CHECK(std::isnan(linear_cka(a, Tensor(Shape{40, 2}))));
  CHECK_THROWS_AS(linear_cka(a, Tensor(Shape{39, 2})), ShapeError);
}

TEST_CASE("similarity: heads that are copies are at distance 0 with CKA 1, and padding does not count") {
  ModelConfig c = small_config();
  c.layers = 1, c.width = 12, c.heads = 3;
  c.position = PositionKind::none;
  Model m = random_model(c, 4);
  for (const char* name : {"W_Q", "W_K", "W_V"}) {
    const View w = m.parameters[std::string("blocks.0.attn.") + name];  // [D, H, d]
    for (Index i = 0; i < 12; ++i)
      for (Index j = 0; j < 4; ++j) w[(i * 3 + 2) * 4 + j] = w[i * 12 + j];
  }
  const View o = m.parameters["blocks.0.attn.W_O"];  // [H, d, D]
  for (Index i = 0; i < 48; ++i) o.sub(2)[i] = -2 * o.sub(0)[i];
  TokenBatch batch = random_tokens(c, 3, 8);
  batch.lengths = {8, 5, 6};
  const HeadSimilarity s = head_similarity(m, batch);
  REQUIRE(s.output_cka.shape == Shape{3, 3});
  CHECK(d(s.pattern_distance.data[2]) == doctest::Approx(0).epsilon(1e-6));
  CHECK(d(s.output_cka.data[2]) == doctest::Approx(1).epsilon(1e-4));
  CHECK(d(s.pattern_distance.data[1]) > 1e-3);
  CHECK(d(s.output_cka.data[1]) < 0.99);
  CHECK(s.pattern_distance.data[1] == s.pattern_distance.data[3]);

  TokenBatch other = batch;  // other tokens behind the lengths change nothing
  other.tokens[8 + 6] = (batch.tokens[8 + 6] + 1) % 7;
  const HeadSimilarity same = head_similarity(m, other);
  CHECK(same.pattern_distance.data == s.pattern_distance.data);
  CHECK(same.output_cka.data == s.output_cka.data);

  // By the definition, for one pair: mean over the 19 counted rows.
  const Activations run = record(m, batch, {{Site::pattern, 0}});
  double sum = 0;
  for (Index b = 0; b < 3; ++b)
    for (Index t = 0; t < batch.lengths[static_cast<std::size_t>(b)]; ++t) {
      const ConstView p = run.at({Site::pattern, 0}).view();
      sum += d(jensen_shannon(map_of(p, b, 0).data + t * 8, map_of(p, b, 1).data + t * 8, 8)) / 19;
    }
  CHECK(d(s.pattern_distance.data[1]) == doctest::Approx(sum).epsilon(1e-5));
}
