#include "attn/analysis/rank_collapse.hpp"

#include <cmath>

#include "gradient_check.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {

double d(Real x) { return static_cast<double>(x); }

// Random attention without anything else: T = 32, D = 64, H = 4.
Model random_attention(Kind kind, Index layers, NormPlacement norm = NormPlacement::none,
                       MlpKind mlp = MlpKind::none, std::uint64_t seed = 1) {
  ModelConfig c;
  c.kind = kind, c.vocab = 32, c.context = 32, c.layers = layers, c.width = 64, c.heads = 4;
  c.norm = norm, c.mlp = mlp, c.position = PositionKind::none;
  Model m{c, Parameters(c)};
  Rng rng(seed);
  initialise(m.parameters, c, rng);
  return m;
}

std::vector<TokenId> all_tokens() {
  std::vector<TokenId> tokens;
  for (TokenId t = 0; t < 32; ++t) tokens.push_back(t);
  return tokens;
}

constexpr Rewiring kPure{0, 0, false};

}  // namespace

TEST_CASE("rank collapse: measures worked by hand") {
  const Tensor x(Shape{2, 2}, {3, 1, 1, 1});  // mean token (2, 1)
  CHECK(token_residual(x).data == std::vector<Real>{1, 0, -1, 0});
  CHECK(d(composite_norm(x)) == doctest::Approx(4));                      // √(4 · 4)
  CHECK(d(relative_residual(x)) == doctest::Approx(std::sqrt(2.0) / 4));  // √(2 · 1) / 4
  CHECK(d(mean_cosine(x)) == doctest::Approx(4 / std::sqrt(20.0)));
  CHECK(d(token_rank(x)) == doctest::Approx(1));
  const Tensor same(Shape{3, 2}, {1, 2, 1, 2, 1, 2});
  CHECK(relative_residual(same) == 0);
  CHECK(d(mean_cosine(same)) == doctest::Approx(1));
  CHECK(token_rank(same) == 0);
  const Tensor square(Shape{4, 2}, {1, 0, -1, 0, 0, 1, 0, -1});  // two equal directions
  CHECK(d(token_rank(square)) == doctest::Approx(2).epsilon(1e-5));
  CHECK(d(relative_residual(square)) == doctest::Approx(1));
}

TEST_CASE("rank collapse: pure attention loses rank doubly exponentially, under a causal mask by halves") {
  const std::vector<DepthState> pure =
      collapse_by_depth(random_attention(Kind::encoder, 4), all_tokens(), kPure);
  // Dossier: 0.77, 0.025, 3e-7, 5e-16. The exponent grows faster than threefold until rounding stops it.
  CHECK(d(pure[0].relative_residual) == doctest::Approx(0.77).epsilon(0.15));
  CHECK(d(pure[1].relative_residual) < 0.08);
  CHECK(d(pure[2].relative_residual) < 1e-5);
  if (kDouble) {
    const auto exponent = [&](std::size_t l) { return std::log(d(pure[l].relative_residual)); };
    CHECK(exponent(1) / exponent(0) > 3);
    CHECK(exponent(2) / exponent(1) > 3);
    CHECK(d(pure[3].relative_residual) < 1e-14);
  }
  const std::vector<DepthState> causal =
      collapse_by_depth(random_attention(Kind::decoder, 24), all_tokens(), kPure);
  // An independent run: 0.81, 0.55, 0.41, 0.29 … The second eigenvalue of uniform causal averaging is ½.
  CHECK(d(causal[3].relative_residual) > 0.1);
  const double rate =
      std::pow(d(causal[23].relative_residual) / d(causal[11].relative_residual), 1.0 / 12);  // there: 0.51
  CHECK((rate > 0.45 && rate < 0.56));
}

TEST_CASE("rank collapse: a skip connection keeps the tokens apart; rewired as it was, the model is itself") {
  const Model m = random_attention(Kind::decoder, 6, NormPlacement::pre, MlpKind::gelu, 3);
  const std::vector<TokenId> tokens = all_tokens();
  Hooks hooks;
  std::vector<Hooks::Scope> scopes;
  rewire(hooks, m, Rewiring{}, scopes);
  const TokenBatch batch{tokens, 1, 32, {}, {}};
  ForwardOptions options;
  options.hooks = &hooks;
  CHECK(logits_of(m, batch, options).data == logits_of(m, batch).data);

  const auto last = [&](Rewiring r) { return collapse_by_depth(m, tokens, r).back(); };
  const DepthState whole = last({}), no_skip = last({0, 0, true}), no_mlp = last({1, 1, false}),
                   pure = last(kPure);
  CHECK(d(whole.relative_residual) > 0.3);
  CHECK(d(pure.relative_residual) < 0.5 * d(no_mlp.relative_residual));
  CHECK(d(no_skip.mean_cosine) > d(whole.mean_cosine));
  CHECK(d(whole.token_rank) > d(pure.token_rank));
}

TEST_CASE("rank collapse: without a skip the stream is what the layer wrote") {
  ModelConfig c = small_config();
  c.mlp = MlpKind::relu;
  const Model m = random_model(c, 4);
  const TokenBatch batch = random_tokens(c, 1, 5);
  for (const Rewiring& r : {Rewiring{0, 0, true}, Rewiring{Real(0.5), 2, true}, Rewiring{1, 1, false}}) {
    Hooks hooks;
    std::vector<Hooks::Scope> scopes;
    rewire(hooks, m, r, scopes);
    std::vector<HookPoint> points;
    for (Site s : {Site::resid_pre, Site::attn_out, Site::resid_mid, Site::mlp_out, Site::resid_post})
      points.push_back({s, 1});
    Tape tape(Tape::Mode::inference);
    std::vector<std::vector<Real>> seen;
    std::vector<Hooks::Scope> watch;
    for (HookPoint p : points)
      watch.push_back(
          hooks.observe(p, [&](HookPoint, ConstView x) { seen.emplace_back(x.begin(), x.end()); }));
    ForwardOptions options;
    options.hooks = &hooks;
    forward(tape, m, batch, options);
    REQUIRE(seen.size() == 5);  // in the order of the block
    for (std::size_t i = 0; i < seen[0].size(); ++i) {
      CHECK(d(seen[2][i]) ==
            doctest::Approx(d(r.attention_skip) * d(seen[0][i]) + d(seen[1][i])).epsilon(1e-4));
      const double out = r.mlp ? d(r.mlp_skip) * d(seen[2][i]) + d(seen[3][i]) : d(seen[2][i]);
      CHECK(d(seen[4][i]) == doctest::Approx(out).epsilon(1e-4));
    }
  }
  ModelConfig post = c;
  post.norm = NormPlacement::post;
  Hooks hooks;
  std::vector<Hooks::Scope> scopes;
  CHECK_THROWS_AS(rewire(hooks, random_model(post), Rewiring{}, scopes), ShapeError);
}

TEST_CASE("rank collapse: entropy and scores of the maps, uniform and sharp") {
  Model m = random_attention(Kind::decoder, 1);
  for (Real& w : m.parameters["blocks.0.attn.W_Q"]) w = 0;
  const DepthState uniform = collapse_by_depth(m, all_tokens(), {})[0];
  CHECK(d(uniform.entropy_ratio) == doctest::Approx(1).epsilon(1e-5));
  CHECK(uniform.largest_score == 0);
  Model sharp = random_attention(Kind::decoder, 1);
  for (Real& w : sharp.parameters["blocks.0.attn.W_Q"]) w *= 100;
  const DepthState one_hot = collapse_by_depth(sharp, all_tokens(), {})[0];
  CHECK(d(one_hot.entropy_ratio) < 0.1);
  CHECK(d(one_hot.largest_score) > 50);
}
