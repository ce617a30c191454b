#include "attn/analysis/causal_tracing.hpp"

#include "golden_interventions.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {

std::vector<TokenId> first_row(const TokenBatch& batch) {
  return {batch.tokens.begin(), batch.tokens.begin() + batch.length};
}

Metric probability_of(TokenId right, Index position) {
  Metric m;
  m.kind = Metric::Kind::probability;
  m.answers = {{0, position, right, -1}};
  return m;
}

}  // namespace

TEST_CASE("causal tracing: the golden prompt under given noise, single states and windows") {
  const std::pair<TraceOptions, const char*> cases[] = {{{Site::resid_post, 1}, "trace/resid_post.1"},
                                                        {{Site::mlp_out, 2}, "trace/mlp_out.2"},
                                                        {{Site::attn_out, 3}, "trace/attn_out.3"}};
  for (const char* name : {"gpt2", "llama"}) {
    const GoldenPair pair(name);
    for (const auto& each : cases) {
      const CausalTrace t = causal_trace(pair.model, first_row(pair.clean), probability_of(2, 8),
                                         pair.golden.tensor("trace/noise"), each.first);
      check_close(std::string(name) + each.second, t.restored, pair.golden.tensor(each.second), 512);
      check_close(std::string(name) + " metric", as_view({t.clean, t.corrupted}),
                  pair.golden.tensor("trace/metric"), 256);
    }
  }
}

TEST_CASE("causal tracing: the last state of the asking position holds all; without noise nothing is lost") {
  const Model m = random_model(small_config());
  const std::vector<TokenId> tokens = random_tokens(m.config, 1, 6).tokens;
  Rng rng(4);
  const Real std = 3 * embedding_std(m, {tokens[1], tokens[2]});
  const Tensor noise = subject_noise(4, 6, 8, 1, 2, std, rng);
  const CausalTrace t = causal_trace(m, tokens, probability_of(3, 5), noise);
  CHECK(t.restored.shape == Shape{2, 6});
  CHECK(t.corrupted != t.clean);
  CHECK(t.restored.data[6 + 5] == t.clean);      // resid_post of the last layer
  CHECK(t.restored.data[6 + 0] == t.corrupted);  // nobody reads position 0 any more
  CHECK(t.restored.data[0] == t.corrupted);      // before the subject nothing was lost
  const CausalTrace quiet = causal_trace(m, tokens, probability_of(3, 5), Tensor(noise.shape));
  CHECK(quiet.corrupted == quiet.clean);
}

TEST_CASE("causal tracing: noise lies on the subject alone and has the size asked for") {
  Rng rng(8);
  const Tensor noise = subject_noise(50, 5, 40, 2, 2, 3, rng);
  double squares = 0;
  for (Index i = 0; i < noise.size(); ++i) {
    const Index t = i / 40 % 5;
    const double x = static_cast<double>(noise.view()[i]);
    if (t != 2 && t != 3) CHECK(x == 0);
    squares += x * x / (50 * 2 * 40);
  }
  CHECK(squares == doctest::Approx(9).epsilon(0.1));  // 4000 numbers: 3 % is 1.4 deviations
  ModelConfig c = small_config();
  Model m{c, Parameters(c)};
  m.parameters["embed.W_E"].sub(2)[0] = 8;  // one 8 and seven 0: mean 1, Σ(x - 1)² = 56
  CHECK(static_cast<double>(embedding_std(m, {2})) == doctest::Approx(std::sqrt(56.0 / 7)).epsilon(1e-5));
}
