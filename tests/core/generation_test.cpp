// KV cache, sampling, generation.
#include <doctest.h>

#include <cmath>
#include <limits>

#include "golden.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {

// The logits of `batch` fed to a cache in pieces.
Tensor in_pieces(const Model& model, const TokenBatch& batch, const std::vector<Index>& pieces) {
  KvCache cache(model.config, batch.batch, batch.length);
  ForwardOptions options;
  options.cache = &cache;
  Tensor all(Shape{batch.batch, batch.length, model.config.vocab});
  for (Index n : pieces) {
    const Index past = cache.length(), V = model.config.vocab;
    TokenBatch part;
    part.batch = batch.batch, part.length = n;
    for (Index b = 0; b < batch.batch; ++b)
      for (Index t = 0; t < n; ++t)
        part.tokens.push_back(batch.tokens[static_cast<std::size_t>(b * batch.length + past + t)]);
    const Tensor logits = logits_of(model, part, options);
    for (Index b = 0; b < batch.batch; ++b)
      std::copy_n(logits.data.begin() + b * n * V, n * V, all.data.begin() + (b * batch.length + past) * V);
  }
  CHECK(cache.length() == batch.length);
  return all;
}

}  // namespace

TEST_CASE("cache: token by token, or in chunks, equals the whole text at once") {
  for (const NamedConfig& each : small_configs()) {
    const std::string& name = each.name;
    const ModelConfig& config = each.config;
    INFO(name);
    const Model model = random_model(config);
    const TokenBatch batch = random_tokens(config, 2, 9);
    const Tensor whole = logits_of(model, batch);
    check_close(name + " one by one", in_pieces(model, batch, {1, 1, 1, 1, 1, 1, 1, 1, 1}), whole, 64);
    check_close(name + " in chunks", in_pieces(model, batch, {4, 1, 3, 1}), whole, 64);
  }
}

TEST_CASE("cache: misuse throws") {
  const ModelConfig config = small_config();
  const Model model = random_model(config);
  KvCache cache(config, 1, 4);
  ForwardOptions options;
  options.cache = &cache;
  CHECK_THROWS_WITH_AS(logits_of(model, random_tokens(config, 1, 5), options),
                       "the KV cache holds 1 unpadded sequences of 4 tokens; asked for 1 of 5", ShapeError);
  CHECK_THROWS_AS(logits_of(model, random_tokens(config, 2, 2), options), ShapeError);
  Tape tape(Tape::Mode::training);
  CHECK_THROWS_AS(forward(tape, model, random_tokens(config, 1, 2), options), ShapeError);
  CHECK(cache.length() == 0);
}

TEST_CASE("generate: greedy, with the cache, equals recomputing the whole text each time") {
  for (const NamedConfig& each : small_configs()) {
    const std::string& name = each.name;
    const ModelConfig& config = each.config;
    INFO(name);
    const Model model = random_model(config);
    SamplingOptions greedy;
    greedy.temperature = 0;
    Rng rng(1);
    const std::vector<TokenId> text = generate(model, {1, 2}, 8, greedy, rng);
    REQUIRE(text.size() == 10);
    std::vector<TokenId> again = {1, 2};
    while (again.size() < 10) {
      const Index n = static_cast<Index>(again.size());
      const Tensor logits = logits_of(model, {again, 1, n, {}, {}});
      const auto last = logits.data.end() - config.vocab;
      again.push_back(static_cast<TokenId>(std::max_element(last, logits.data.end()) - last));
    }
    CHECK(text == again);
  }
}

TEST_CASE("generate: stops at the context's end; the seed decides; refuses an encoder") {
  ModelConfig config = small_config();
  const Model model = random_model(config);
  Rng a(1), b(1), c(2);
  const std::vector<TokenId> text = generate(model, {3}, 100, {}, a);
  CHECK(text.size() == 12);
  CHECK(generate(model, {3}, 100, {}, b) == text);
  CHECK(generate(model, {3}, 100, {}, c) != text);
  CHECK(generate(model, text, 5, {}, a) == text);
  CHECK(generate(model, {3}, 0, {}, a) == std::vector<TokenId>{3});
  CHECK_THROWS_AS(generate(model, {}, 5, {}, a), ShapeError);
  config.kind = Kind::encoder;
  CHECK_THROWS_AS(generate(random_model(config), {3}, 5, {}, a), ShapeError);
}

TEST_CASE("sample: frequencies follow softmax(logits / temperature)") {
  const Tensor logits({4}, {0, 1, 2, -1});
  for (double temperature : {1.0, 0.5, 3.0}) {
    SamplingOptions options;
    options.temperature = static_cast<Real>(temperature);
    double total = 0, count[4] = {}, want[4];
    for (int v = 0; v < 4; ++v)
      total += want[v] = std::exp(static_cast<double>(logits.view()[v]) / temperature);
    Rng rng(2);
    const int n = 20000;
    for (int i = 0; i < n; ++i) count[sample(logits, options, rng)] += 1;
    for (int v = 0; v < 4; ++v) {
      const double p = want[v] / total;
      CHECK(std::fabs(count[v] / n - p) < 5 * std::sqrt(p * (1 - p) / n));  // five standard errors
    }
  }
}

TEST_CASE("sample: greedy, top-k and top-p keep to the best") {
  const Tensor logits({5}, {1, 4, 3, 4, Real(-2)});
  SamplingOptions o;
  o.temperature = 0;
  Rng rng(3);
  CHECK(sample(logits, o, rng) == 1);  // of equals the first
  o.temperature = 5;
  o.top_k = 3;
  bool seen[5] = {};
  for (int i = 0; i < 500; ++i) seen[sample(logits, o, rng)] = true;
  CHECK((!seen[0] && seen[1] && seen[2] && seen[3] && !seen[4]));
  o.top_k = 0;
  o.temperature = 1;
  o.top_p = Real(0.5);  // p = .40 .40 .15 …: two reach one half
  std::fill(seen, seen + 5, false);
  for (int i = 0; i < 500; ++i) seen[sample(logits, o, rng)] = true;
  CHECK((!seen[0] && seen[1] && !seen[2] && seen[3] && !seen[4]));
  o.top_p = Real(1e-6);  // never less than one
  CHECK(sample(logits, o, rng) == 1);
  CHECK_THROWS_AS(sample(Tensor(Shape{0}), o, rng), ShapeError);
}

TEST_CASE("sample: what is no number is never drawn, and almost no temperature is none") {
  constexpr Real inf = std::numeric_limits<Real>::infinity(), nan = std::numeric_limits<Real>::quiet_NaN();
  SamplingOptions o;
  Rng rng(4);
  for (int i = 0; i < 200; ++i) {
    const TokenId drawn = sample(Tensor({4}, {nan, 1, 2, nan}), o, rng);
    CHECK((drawn == 1 || drawn == 2));
  }
  CHECK(sample(Tensor({3}, {1, inf, 2}), o, rng) == 1);
  o.temperature = std::numeric_limits<Real>::min();
  CHECK(sample(Tensor({4}, {1, 3, 9, Real(8.9)}), o, rng) == 2);
  CHECK(sample(Tensor({3}, {-5, -4, -9}), o, rng) == 1);
}
