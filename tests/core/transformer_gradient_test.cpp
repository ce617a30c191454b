#include <doctest.h>

#include "attn/model/transformer.hpp"
#include "attn/ops/cross_entropy.hpp"
#include "gradient_check.hpp"

using namespace attn;
using namespace attn::test;

namespace {

ModelConfig small() {
  ModelConfig c;
  c.vocab = 7, c.context = 6, c.layers = 2, c.width = 8, c.heads = 2;
  return c;
}

TokenBatch tokens_of(const ModelConfig& c, Index batch, Index length, Rng& rng) {
  TokenBatch out;
  out.batch = batch, out.length = length;
  for (Index i = 0; i < batch * length; ++i) {
    out.tokens.push_back(static_cast<TokenId>(rng.below(c.vocab)));
    if (c.token_types) out.types.push_back(static_cast<TokenId>(rng.below(c.token_types)));
  }
  return out;
}

// Every parameter: a few elements of each against the stencil, relative to the tensor's largest slope.
void check_model(const ModelConfig& config, bool padded = false) {
  if (!kDouble) return;
  REQUIRE(validate(config).ok());
  Model model{config, Parameters(config)};
  Rng rng(11);
  initialise(model.parameters, config, rng);
  // Away from the initial values at which a gradient can vanish by symmetry.
  for (Real& x : model.parameters.flat()) x += Real(0.3) * static_cast<Real>(rng.normal());
  TokenBatch batch = tokens_of(config, 2, 5, rng);
  if (padded) batch.lengths = {5, 3};
  std::vector<TokenId> targets;
  std::vector<Real> weights;
  for (int i = 0; i < 10; ++i) {
    targets.push_back(static_cast<TokenId>(rng.below(config.vocab)));
    weights.push_back(i == 3 ? Real(0) : Real(0.5) + static_cast<Real>(rng.uniform()));
  }
  Parameters gradients(config);
  Tape tape(Tape::Mode::training);
  const Tensor direction = random_tensor({2, 5, config.width}, rng);
  const auto loss = [&] {
    tape.reset();
    ForwardOptions options;
    options.gradients = &gradients;
    const Var out = forward(tape, model, batch, options);
    return config.unembed ? cross_entropy(tape, out, targets.data(), weights.data()).loss
                          : weighted_sum(tape, out, direction);
  };
  tape.backward(loss());
  const std::function<double()> value = [&] { return static_cast<double>(tape.value(loss())[0]); };
  for (const ParameterInfo& p : model.parameters.table()) {
    const View w = model.parameters[p.name], g = gradients[p.name];
    double largest = 0, worst = 0;
    for (Real x : g) largest = std::max(largest, std::fabs(static_cast<double>(x)));
    const double tolerance = 1e-9 * std::max(largest, 0.01);
    const Index stride = std::max<Index>(1, p.shape.size() / 12);
    for (Index i = 0; i < w.size(); i += stride)
      worst = std::max(worst, slope_error(value, w[i], static_cast<double>(g[i]), tolerance));
    INFO(p.name << " worst " << worst << " of " << largest);
    // A bias that every key shares shifts a row of scores, which softmax ignores: a true zero, but only
    // where nothing else (rotation, norm, smearing, cap) breaks the symmetry.
    if (p.name.find("b_K") == std::string::npos) CHECK(largest > 1e-6);
    CHECK(worst <= tolerance);
  }
}

}  // namespace

TEST_CASE("gradients: attention-only decoder") {
  ModelConfig c = small();
  c.norm_gain = false;
  check_model(c);
}

TEST_CASE("gradients: GPT-2 (LayerNorm, GELU, biases, tied)") {
  ModelConfig c = small();
  c.norm_kind = NormKind::layer_norm;
  c.mlp = MlpKind::gelu;
  c.mlp_width = 12;
  c.qkv_bias = c.out_bias = c.mlp_bias = c.unembed_bias = c.tied = true;
  check_model(c);
}

TEST_CASE("gradients: LLaMA (RMSNorm, SwiGLU, RoPE, grouped queries)") {
  ModelConfig c = small();
  c.heads = 4, c.kv_heads = 2, c.head_width = 4;
  c.position = PositionKind::rope;
  c.mlp = MlpKind::swiglu;
  c.mlp_width = 10;
  check_model(c);
}

TEST_CASE("gradients: Qwen3 and Gemma 2 ingredients (qk-norm, partial RoPE, soft-cap, window, MQA)") {
  ModelConfig c = small();
  c.heads = 2, c.kv_heads = 1, c.head_width = 6, c.rope_width = 4;
  c.position = PositionKind::rope;
  c.rope_layout = RopeLayout::interleaved;
  c.rope_scaling = 2;
  c.qk_norm = true;
  c.softcap = 3;
  c.window = 2;
  c.mlp = MlpKind::swiglu;
  c.mlp_bias = true;
  c.mlp_width = 5;
  check_model(c);
}

TEST_CASE("gradients: BERT (post-norm encoder, exact GELU, token types, embedding norm, padding)") {
  ModelConfig c = small();
  c.kind = Kind::encoder;
  c.norm = NormPlacement::post;
  c.norm_kind = NormKind::layer_norm;
  c.norm_epsilon = Real(1e-3);
  c.embed_norm = true;
  c.token_types = 2;
  c.mlp = MlpKind::gelu_exact;
  c.mlp_width = 9;
  c.qkv_bias = c.out_bias = c.mlp_bias = true;
  c.unembed = false;
  check_model(c, true);
}

TEST_CASE("gradients: T5 buckets, ReLU, encoder and decoder") {
  ModelConfig c = small();
  c.position = PositionKind::t5;
  c.t5_buckets = 4, c.t5_max_distance = 5;
  c.mlp = MlpKind::relu;
  check_model(c);
  c.kind = Kind::encoder;
  check_model(c);
}

TEST_CASE("gradients: ALiBi, sinusoids, no positions, no norm") {
  ModelConfig c = small();
  c.position = PositionKind::alibi;
  check_model(c);
  c.position = PositionKind::sinusoidal;
  check_model(c);
  c.position = PositionKind::none;
  c.norm = NormPlacement::none;
  c.mlp = MlpKind::gelu;
  check_model(c, true);
}

TEST_CASE("gradients: one matrix in two roles, and in three") {
  ModelConfig c = small();
  c.qkv_bias = true;
  c.position = PositionKind::rope;  // else the bias of shared keys would be half inert
  c.shared_qk = true;
  check_model(c);
  c.shared_kv = true;
  check_model(c);
  c.shared_qk = false, c.kv_heads = 1;
  check_model(c);
}

TEST_CASE("gradients: smeared keys, one product per head") {
  ModelConfig c = small();
  c.layers = 1;
  c.smeared_keys = true;
  c.qkv_bias = true;
  check_model(c);
  c.identical_heads = true;
  c.head_noise = Real(0.1);
  c.kv_heads = 1;
  check_model(c);
}

TEST_CASE("gradients: heads that may be silent (a learned null score, token gates)") {
  ModelConfig c = small();
  c.position = PositionKind::rope;
  c.null_score = NullScore::learned;
  c.token_gates = true;
  check_model(c);
  c.null_score = NullScore::zero;
  check_model(c);
}
