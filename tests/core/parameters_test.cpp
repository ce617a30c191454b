#include "attn/model/parameters.hpp"

#include <doctest.h>

#include <cmath>

using namespace attn;

namespace {

ModelConfig recipe() {
  ModelConfig c;
  c.vocab = 32, c.context = 48, c.layers = 2, c.width = 64, c.heads = 4, c.norm_gain = false;
  return c;
}

double deviation(ConstView w) {
  double sum = 0, square = 0;
  for (Real x : w) sum += static_cast<double>(x), square += static_cast<double>(x) * static_cast<double>(x);
  const double n = static_cast<double>(w.size());
  return std::sqrt(square / n - sum / n * sum / n);
}

Real weight(const Parameters& p, const char* name, Index i, Index h, Index j) {
  const ConstView w = p[name];  // [D, H, d]
  return w[(i * w.shape[1] + h) * w.shape[2] + j];
}

}  // namespace

TEST_CASE("parameters: the recipe's table, without gaps") {
  const Parameters p(recipe());
  Index offset = 0;
  for (const ParameterInfo& info : p.table()) {
    CHECK(info.offset == offset);
    offset += info.shape.size();
  }
  CHECK(offset == p.size());
  // embedding and unembedding 2·32·64, positions 48·64, two layers of four 64×64 matrices
  CHECK(p.size() == 2 * 32 * 64 + 48 * 64 + 2 * 4 * 64 * 64);
  CHECK(p["blocks.1.attn.W_Q"].shape == Shape{64, 4, 16});
  CHECK(p["blocks.1.attn.W_O"].shape == Shape{4, 16, 64});
  CHECK_FALSE(p.has("blocks.2.attn.W_Q"));
  CHECK_THROWS_WITH_AS(p["ln_final.w"], "the model has no parameter ln_final.w", ShapeError);
}

TEST_CASE("parameters: what is there follows the config; decay is for matrices") {
  ModelConfig c = recipe();
  c.norm_gain = true, c.norm_kind = NormKind::layer_norm, c.mlp = MlpKind::swiglu, c.mlp_bias = true;
  c.qkv_bias = c.out_bias = c.unembed_bias = c.tied = c.embed_norm = c.smeared_keys = c.qk_norm = true;
  c.kv_heads = 2, c.token_types = 2, c.position = PositionKind::t5;
  const Parameters p(c);
  for (const char* name :
       {"embed.W_E", "type_embed.W_type", "embed_norm.w", "embed_norm.b", "rel_pos.W_bias", "blocks.0.ln1.b",
        "blocks.0.attn.b_K", "blocks.0.attn.q_norm.w", "blocks.0.attn.smear", "blocks.1.mlp.W_gate",
        "blocks.1.mlp.b_gate", "blocks.1.mlp.b_out", "ln_final.w", "unembed.b_U"})
    CHECK_MESSAGE(p.has(name), name);
  for (const char* name : {"unembed.W_U", "pos_embed.W_pos"}) CHECK_FALSE(p.has(name));
  CHECK(p["blocks.0.attn.W_K"].shape == Shape{64, 2, 16});
  for (const ParameterInfo& info : p.table()) {
    const bool matrix = info.name.find(".W_") != std::string::npos && info.name != "rel_pos.W_bias";
    CHECK_MESSAGE(info.decay == matrix, info.name);
  }
}

TEST_CASE("parameters: a matrix in two roles is stored once") {
  ModelConfig c = recipe();
  c.qkv_bias = true;
  const Index all = Parameters(c).size(), one = 2 * (64 * 64 + 64);  // a matrix and its bias, two layers
  c.shared_qk = true;
  const Parameters two(c);
  CHECK(two.size() == all - one);
  CHECK(two.has("blocks.0.attn.W_V"));
  for (const char* name : {"blocks.0.attn.W_K", "blocks.1.attn.b_K"}) CHECK_FALSE(two.has(name));
  c.shared_kv = true;
  CHECK(Parameters(c).size() == all - 2 * one);
}

TEST_CASE("initialise: 1/√fan-in per matrix, gains 1, biases 0, the seed decides") {
  ModelConfig c = recipe();
  c.norm_gain = true, c.out_bias = true;
  Parameters p(c), again(c), other(c);
  Rng a(5), b(5), d(6);
  initialise(p, c, a), initialise(again, c, b), initialise(other, c, d);
  CHECK(deviation(p["blocks.0.attn.W_Q"]) == doctest::Approx(1 / 8.0).epsilon(0.05));
  CHECK(deviation(p["blocks.1.attn.W_O"]) == doctest::Approx(1 / 8.0).epsilon(0.05));
  CHECK(deviation(p["embed.W_E"]) == doctest::Approx(1).epsilon(0.07));  // letters louder than positions
  CHECK(deviation(p["pos_embed.W_pos"]) == doctest::Approx(1 / 8.0).epsilon(0.07));
  CHECK(deviation(p["unembed.W_U"]) == doctest::Approx(1 / 8.0).epsilon(0.07));
  for (Real x : p["ln_final.w"]) CHECK(x == 1);
  for (Real x : p["blocks.0.attn.b_O"]) CHECK(x == 0);
  CHECK(std::equal(p.flat().begin(), p.flat().end(), again.flat().begin()));
  CHECK_FALSE(std::equal(p.flat().begin(), p.flat().end(), other.flat().begin()));
}

TEST_CASE("initialise: GPT-2's deviation, smaller where a layer writes into the stream") {
  ModelConfig c = recipe();
  c.init_std = Real(0.02), c.mlp = MlpKind::gelu;
  Parameters p(c);
  Rng rng(7);
  initialise(p, c, rng);
  CHECK(deviation(p["blocks.0.attn.W_V"]) == doctest::Approx(0.02).epsilon(0.05));
  CHECK(deviation(p["blocks.0.attn.W_O"]) == doctest::Approx(0.01).epsilon(0.05));  // / √(2·2)
  CHECK(deviation(p["blocks.1.mlp.W_out"]) == doctest::Approx(0.01).epsilon(0.05));
}

TEST_CASE("initialise: identical heads are equal, noise makes them differ by as much as it says") {
  ModelConfig c = recipe();
  c.identical_heads = true;
  for (Real noise : {Real(0), Real(1e-2)}) {
    c.head_noise = noise;
    Parameters p(c);
    Rng rng(8);
    initialise(p, c, rng);
    double square = 0, count = 0;
    for (Index i = 0; i < 64; ++i)
      for (Index h = 1; h < 4; ++h)
        for (Index j = 0; j < 16; ++j) {
          const double d = static_cast<double>(weight(p, "blocks.0.attn.W_Q", i, h, j) -
                                               weight(p, "blocks.0.attn.W_Q", i, 0, j));
          square += d * d, count += 1;
        }
    const ConstView o = p["blocks.1.attn.W_O"];
    if (noise == 0) {
      CHECK(square == 0);
      for (Index h = 1; h < 4; ++h) CHECK(std::equal(o.begin(), o.begin() + 1024, o.begin() + h * 1024));
    } else {
      CHECK(std::sqrt(square / count) == doctest::Approx(1e-2 / 8 * std::sqrt(2.0)).epsilon(0.1));
      CHECK_FALSE(std::equal(o.begin(), o.begin() + 1024, o.begin() + 1024));
    }
    CHECK(deviation(p["blocks.0.attn.W_K"]) ==
          doctest::Approx(1 / 8.0).epsilon(0.06));  // 64·16 distinct draws
  }
}
