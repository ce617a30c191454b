// Small models of every kind, for tests of what must hold for all of them.
#pragma once

#include <string>
#include <vector>

#include "attn/model/transformer.hpp"

namespace attn::test {

inline ModelConfig small_config() {
  ModelConfig c;
  c.vocab = 7, c.context = 12, c.layers = 2, c.width = 8, c.heads = 2;
  return c;
}

struct NamedConfig {
  std::string name;
  ModelConfig config;
};

inline std::vector<NamedConfig> small_configs() {
  std::vector<NamedConfig> all;
  const auto add = [&](const char* name, auto&& change) {
    ModelConfig c = small_config();
    change(c);
    all.push_back({name, c});
  };
  add("course", [](ModelConfig& c) { c.norm_gain = false; });
  add("gpt2", [](ModelConfig& c) {
    c.norm_kind = NormKind::layer_norm, c.mlp = MlpKind::gelu;
    c.qkv_bias = c.out_bias = c.mlp_bias = c.unembed_bias = c.tied = true;
  });
  add("llama", [](ModelConfig& c) {
    c.heads = 4, c.kv_heads = 2, c.head_width = 4, c.position = PositionKind::rope, c.mlp = MlpKind::swiglu;
  });
  add("qwen", [](ModelConfig& c) {
    c.kv_heads = 1, c.head_width = 6, c.rope_width = 4, c.position = PositionKind::rope;
    c.rope_layout = RopeLayout::interleaved, c.qk_norm = true, c.softcap = 3, c.window = 2;
  });
  add("alibi", [](ModelConfig& c) { c.position = PositionKind::alibi; });
  add("t5", [](ModelConfig& c) { c.position = PositionKind::t5, c.t5_buckets = 4, c.t5_max_distance = 5; });
  add("smeared", [](ModelConfig& c) { c.smeared_keys = true, c.position = PositionKind::sinusoidal; });
  add("silent", [](ModelConfig& c) {
    c.null_score = NullScore::learned, c.token_gates = true, c.position = PositionKind::rope;
  });
  add("off by one", [](ModelConfig& c) { c.null_score = NullScore::zero, c.norm_gain = false; });
  add("shared", [](ModelConfig& c) { c.shared_qk = c.shared_kv = true; });
  add("bare", [](ModelConfig& c) {
    c.norm = NormPlacement::none, c.mlp = MlpKind::relu, c.position = PositionKind::none;
  });
  add("post", [](ModelConfig& c) { c.norm = NormPlacement::post, c.mlp = MlpKind::gelu_exact; });
  add("apart", [](ModelConfig& c) { c.identical_heads = true, c.head_noise = Real(0.5); });
  return all;
}

inline Model random_model(const ModelConfig& config, std::uint64_t seed = 3) {
  Model model{config, Parameters(config)};
  Rng rng(seed);
  initialise(model.parameters, config, rng);
  for (Real& x : model.parameters.flat()) x += Real(0.3) * static_cast<Real>(rng.normal());
  return model;
}

inline TokenBatch random_tokens(const ModelConfig& config, Index batch, Index length,
                                std::uint64_t seed = 4) {
  TokenBatch out;
  out.batch = batch, out.length = length;
  Rng rng(seed);
  for (Index i = 0; i < batch * length; ++i) {
    out.tokens.push_back(static_cast<TokenId>(rng.below(config.vocab)));
    if (config.token_types) out.types.push_back(static_cast<TokenId>(rng.below(config.token_types)));
  }
  return out;
}

inline Tensor logits_of(const Model& model, const TokenBatch& batch, const ForwardOptions& options = {}) {
  Tape tape(Tape::Mode::inference);
  const ConstView out = tape.value(forward(tape, model, batch, options));
  return Tensor(out.shape, std::vector<Real>(out.begin(), out.end()));
}

}  // namespace attn::test
