#include "attn/analysis/collapse_tower.hpp"

#include <doctest.h>

#include <cmath>

#include "attn/analysis/activations.hpp"
#include "attn/analysis/rank_collapse.hpp"
#include "attn/math/random.hpp"

using namespace attn;

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

SplitStream random_stream(Index T, Index D, double size, std::uint64_t seed) {
  Rng rng(seed);
  SplitStream x{T, D, std::vector<double>(at(D)), std::vector<double>(at(T * D))};
  for (double& v : x.mean) v = rng.normal();
  for (Index i = 0; i < D; ++i) {
    double sum = 0;
    for (Index t = 0; t < T; ++t) sum += x.rest[at(t * D + i)] = size * rng.normal();
    for (Index t = 0; t < T; ++t) x.rest[at(t * D + i)] -= sum / static_cast<double>(T);
  }
  return x;
}

std::vector<double> whole(const SplitStream& x) {
  std::vector<double> out = x.rest;
  for (Index t = 0; t < x.tokens; ++t)
    for (Index i = 0; i < x.width; ++i) out[at(t * x.width + i)] += x.mean[at(i)];
  return out;
}

TowerWeights random_weights(Index D, std::uint64_t seed) {
  Rng rng(seed);
  TowerWeights w;
  for (std::vector<double>* m : {&w.query, &w.key, &w.value, &w.output}) {
    m->resize(at(D * D));
    for (double& v : *m) v = rng.normal() / std::sqrt(static_cast<double>(D));
  }
  return w;
}

void check_rows(const SplitStream& got, const std::vector<double>& wanted, double tolerance) {
  const std::vector<double> x = whole(got);
  REQUIRE(x.size() == wanted.size());
  double gap = 0, sums = 0;
  for (std::size_t i = 0; i < x.size(); ++i) gap = std::max(gap, std::abs(x[i] - wanted[i]));
  CHECK(gap < tolerance);
  for (Index i = 0; i < got.width; ++i) {
    double sum = 0;
    for (Index t = 0; t < got.tokens; ++t) sum += got.rest[at(t * got.width + i)];
    sums = std::max(sums, std::abs(sum));
  }
  CHECK(sums < 1e-12);
}

}  // namespace

TEST_CASE("collapse tower: a split sublayer is the layer of the core") {
  const Index T = 9, D = 8, H = 2;
  for (const bool causal : {false, true})
    for (const double qk : {1.0, 8.0}) {
      ModelConfig c;
      c.kind = causal ? Kind::decoder : Kind::encoder;
      c.vocab = T, c.context = T, c.layers = 1, c.width = D, c.heads = H;
      c.norm = NormPlacement::none, c.position = PositionKind::none;
      c.scale = static_cast<Real>(qk / 2);  // 1/√d = ½
      Model m{c, Parameters(c)};
      const SplitStream x = random_stream(T, D, 1, 5);
      const TowerWeights w = random_weights(D, 6);
      const auto put = [&](const char* name, const std::vector<double>& values) {
        const View to = m.parameters[name];
        REQUIRE(to.size() == static_cast<Index>(values.size()));
        for (Index i = 0; i < to.size(); ++i) to[i] = static_cast<Real>(values[at(i)]);
      };
      put("embed.W_E", whole(x));
      put("blocks.0.attn.W_Q", w.query);
      put("blocks.0.attn.W_K", w.key);
      put("blocks.0.attn.W_V", w.value);
      put("blocks.0.attn.W_O", w.output);
      TokenBatch batch{{}, 1, T, {}, {}};
      for (Index t = 0; t < T; ++t) batch.tokens.push_back(static_cast<TokenId>(t));
      const HookPoint written{Site::attn_out, 0};
      const Activations run = record(m, batch, {written});
      const ConstView y = run.at(written).view();
      TowerConfig tower;
      tower.heads = H, tower.causal = causal, tower.qk_scale = qk;
      TowerScores scores;
      check_rows(split_attention(x, w, tower, &scores), std::vector<double>(y.begin(), y.end()), 2e-5);
      CHECK((scores.entropy_ratio > 0 && scores.entropy_ratio < 1));
      CHECK(scores.largest > 0);
    }
}

TEST_CASE("collapse tower: normalisation and ReLU on the parts are those of the whole") {
  for (const double size : {1.0, 1e-2}) {
    const SplitStream x = random_stream(5, 12, size, 7);
    std::vector<double> wanted = whole(x);
    for (Index t = 0; t < 5; ++t) {
      double mean = 0, square = 0;
      for (Index i = 0; i < 12; ++i) mean += wanted[at(t * 12 + i)] / 12;
      for (Index i = 0; i < 12; ++i) square += std::pow(wanted[at(t * 12 + i)] - mean, 2) / 12;
      for (Index i = 0; i < 12; ++i)
        wanted[at(t * 12 + i)] = (wanted[at(t * 12 + i)] - mean) / std::sqrt(square + 1e-5);
    }
    check_rows(split_layer_norm(x), wanted, 1e-12);
    wanted = whole(x);
    for (double& v : wanted) v = std::max(v, 0.0);
    check_rows(split_relu(x), wanted, 1e-15);
  }
}

// The point of carrying R apart: at 1e-60 it has as many digits as at 1e-20, and one layer cubes its size.
TEST_CASE("collapse tower: one layer of pure attention cubes a residual, to many digits") {
  const Index T = 6, D = 8;
  const TowerWeights w = random_weights(D, 8);
  TowerConfig c;
  c.heads = 2;
  const auto cubed = [&](double size) {
    SplitStream x = random_stream(T, D, 1, 9);
    for (double& v : x.rest) v *= size;
    std::vector<double> r = split_attention(x, w, c).rest;
    for (double& v : r) v = v / size / size / size;
    return r;
  };
  const std::vector<double> small = cubed(1e-20), tiny = cubed(1e-60);
  double largest = 0, gap = 0;
  for (std::size_t i = 0; i < small.size(); ++i) {
    largest = std::max(largest, std::abs(small[i]));
    gap = std::max(gap, std::abs(small[i] - tiny[i]));
  }
  CHECK(largest > 1e-3);
  CHECK(gap < 1e-11 * largest);
  // The layer norm and the ReLU are of first order.
  for (const bool relu : {false, true}) {
    const auto first = [&](double size) {
      SplitStream x = random_stream(T, D, 1, 9);
      for (double& v : x.rest) v *= size;
      return (relu ? split_relu(x) : split_layer_norm(x)).rest[3] / size;
    };
    CHECK(first(1e-20) == doctest::Approx(first(1e-60)).epsilon(1e-11));
  }
}

TEST_CASE("collapse tower: doubly exponential without skips, halving under a mask, alive with a skip") {
  for (std::uint64_t seed : {1, 2, 3}) {
    TowerConfig c;
    c.seed = seed, c.layers = 6;
    const std::vector<TowerFloor> pure = collapse_tower(c);
    REQUIRE(pure.size() == 7);
    const auto y = [&](std::size_t l) { return pure[l].log10_residual; };
    CHECK(y(3) < -4);
    CHECK((y(6) - y(5)) / (y(5) - y(4)) == doctest::Approx(3).epsilon(0.05));
    CHECK(std::isfinite(y(6)));
    CHECK(pure[6].mean_cosine == doctest::Approx(1));
    CHECK(pure[6].entropy_ratio == doctest::Approx(1));
    c.causal = true, c.layers = 24;
    const std::vector<TowerFloor> causal = collapse_tower(c);
    const double rate = std::pow(10, (causal[24].log10_residual - causal[12].log10_residual) / 12);
    CHECK((rate > 0.45 && rate < 0.56));
    c.causal = false, c.skip = 1, c.norm = TowerNorm::pre;
    CHECK(collapse_tower(c)[24].log10_residual > -1.5);
  }
}

TEST_CASE("collapse tower: floors describe the tokens; a bad shape is refused") {
  TowerConfig c;
  c.layers = 0;
  const TowerFloor floor = collapse_tower(c).front();
  CHECK(floor.cosines.size() == 32 * 32);
  CHECK(floor.cosines[0] == doctest::Approx(1));
  CHECK(std::abs(floor.mean_cosine) < 0.1);
  CHECK(floor.log10_residual == doctest::Approx(0).epsilon(0.1));
  CHECK(std::isnan(floor.entropy_ratio));
  c.heads = 5;
  CHECK_THROWS_AS(collapse_tower(c), ShapeError);
}
