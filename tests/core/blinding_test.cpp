#include "attn/analysis/blinding.hpp"

#include "attn/analysis/interventions.hpp"
#include "gradient_check.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {

Tensor all_seen(Index T) {
  Tensor seen(Shape{T, T});
  for (Real& s : seen.data) s = 1;
  return seen;
}

void check_close(ConstView a, ConstView b) {
  REQUIRE(a.size() == b.size());
  for (Index i = 0; i < a.size(); ++i)
    CHECK(static_cast<double>(a[i]) == doctest::Approx(static_cast<double>(b[i])).epsilon(1e-4));
}

}  // namespace

TEST_CASE("blinding: to see everything is the model itself") {
  for (const NamedConfig& named : small_configs()) {
    const Model m = random_model(named.config);
    const TokenBatch text = random_tokens(named.config, 1, 9);
    for (const Blinding how : {Blinding::evict, Blinding::silence})
      CHECK_MESSAGE(blinded_logits(m, text, all_seen(9).view(), how).data == logits_of(m, text).data,
                    named.name);
  }
}

// Without positions and without order, a key that nobody may look at was never said.
TEST_CASE("blinding: an evicted token is a token left out, for those behind it") {
  ModelConfig c = small_config();
  c.position = PositionKind::none;
  c.mlp = MlpKind::gelu;
  const Model m = random_model(c);
  const TokenBatch text = random_tokens(c, 1, 8);
  const Index gone = 2, T = 8, V = c.vocab;
  Tensor seen = all_seen(T);
  for (Index i = gone + 1; i < T; ++i) seen.view()[i * T + gone] = 0;
  TokenBatch shorter = text;
  shorter.tokens.erase(shorter.tokens.begin() + gone);
  shorter.length = T - 1;
  const Tensor got = blinded_logits(m, text, seen.view(), Blinding::evict), want = logits_of(m, shorter);
  check_close({got.data.data(), Shape{gone, V}}, {want.data.data(), Shape{gone, V}});
  check_close({got.data.data() + (gone + 1) * V, Shape{T - gone - 1, V}},
              {want.data.data() + gone * V, Shape{T - gone - 1, V}});
  const Tensor silent = blinded_logits(m, text, seen.view(), Blinding::silence);
  double apart = 0;
  for (Index i = (gone + 1) * V; i < T * V; ++i)
    apart = std::max(apart, std::fabs(static_cast<double>(silent.view()[i] - got.view()[i])));
  CHECK(apart > 1e-3);  // the share of a silenced key goes to nobody
}

TEST_CASE("blinding: who sees nothing has no heads, either way") {
  const Model m = random_model(small_config());
  const TokenBatch text = random_tokens(m.config, 1, 7);
  Hooks hooks;
  AblationScopes scopes;
  Rng rng(1);
  ablate(hooks, m, text, {{0, 0}, {0, 1}, {1, 0}, {1, 1}}, Ablation::zero, rng, scopes);
  ForwardOptions options;
  options.hooks = &hooks;
  const Tensor want = logits_of(m, text, options), nothing(Shape{7, 7});
  for (const Blinding how : {Blinding::evict, Blinding::silence})
    check_close(blinded_logits(m, text, nothing.view(), how).view(), want.view());
}

TEST_CASE("blinding: shapes that do not fit are named") {
  const Model m = random_model(small_config());
  const Tensor seen = all_seen(5);
  CHECK_THROWS_AS(blinded_logits(m, random_tokens(m.config, 1, 6), seen.view(), Blinding::evict), ShapeError);
  CHECK_THROWS_AS(blinded_logits(m, random_tokens(m.config, 2, 5), seen.view(), Blinding::evict), ShapeError);
}
