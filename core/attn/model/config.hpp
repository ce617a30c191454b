// What kind of transformer: every choice the course compares, in one plain struct.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "attn/attention/rotary.hpp"
#include "attn/base/error.hpp"
#include "attn/base/real.hpp"

namespace attn {

enum class Kind { decoder, encoder };          // causal or bidirectional
enum class NormPlacement { none, pre, post };  // post: x = N(x + f(x)), Vaswani 2017
enum class NormKind { layer_norm, rms_norm };
enum class MlpKind {
  none,
  gelu,        // the tanh form, GPT-2
  gelu_exact,  // by erf, BERT
  relu,
  swiglu
};
enum class PositionKind { none, learned, sinusoidal, rope, alibi, t5 };
enum class NullScore { none, zero, learned };  // a score of no key in every row (attention/attention.hpp)
enum class RopeLayout { half, interleaved };   // rotate_half (LLaMA in HF) or adjacent pairs (RoFormer)

// Letters as in the whole course: V vocabulary, T tokens, D model width, H heads, d head width, L layers.
struct ModelConfig {
  Kind kind = Kind::decoder;
  Index vocab = 0;       // V
  Index context = 0;     // longest T; learned positions have this many rows
  Index layers = 0;      // L
  Index width = 0;       // D
  Index heads = 0;       // H, query heads
  Index kv_heads = 0;    // 0: as many as heads (MHA); 1: MQA; a divisor of H: GQA
  Index head_width = 0;  // d; 0: D / H
  Index mlp_width = 0;   // 0: 4 D
  MlpKind mlp = MlpKind::none;

  NormPlacement norm = NormPlacement::pre;
  NormKind norm_kind = NormKind::rms_norm;
  bool norm_gain = true;  // learned gain (and, for LayerNorm, bias)
  Real norm_epsilon = Real(1e-5);
  bool final_norm = true;   // ln_final before the unembedding (pre-norm models)
  bool embed_norm = false;  // LayerNorm after the embeddings (BERT)

  PositionKind position = PositionKind::learned;
  Real rope_base = Real(10000);
  Index rope_width = 0;  // rotated coordinates per head; 0: d
  RopeLayout rope_layout = RopeLayout::half;
  Real rope_scaling = 1;  // positions are divided by this (linear interpolation)
  // LLaMA 3.1: only of slow pairs, by their turns within the original context (attention/rotary.hpp); 0: of
  // all.
  Index rope_original_context = 0;
  Real rope_low_turns = 0, rope_high_turns = 0;
  RotaryRamp rope_ramp = RotaryRamp::turns;
  Real rope_magnitude = 1;    // of the rotated vectors (YaRN)
  Index rope_kept_pairs = 0;  // only so many pairs turn, the fastest; 0: all (p-RoPE)
  Index t5_buckets = 32, t5_max_distance = 128;
  Index token_types = 0;  // BERT segments

  bool qkv_bias = false, out_bias = false, mlp_bias = false, unembed_bias = false;
  bool qk_norm = false;  // RMSNorm on q and k per head (Qwen3)
  // One matrix in two roles (chapter 4): k reads W_Q, as in Reformer's shared-QK; v reads the keys' matrix,
  // as in Mesh TensorFlow's shared_kv. Both: one matrix in all three.
  bool shared_qk = false, shared_kv = false;
  bool smeared_keys = false;  // k_j <- σ(α)k_j + (1-σ(α))k_{j-1}, Olsson et al. 2022, Argument 2
  NullScore null_score = NullScore::none;  // zero: softmax off by one; learned: one per head, gpt-oss
  bool token_gates = false;  // z_h <- σ(x W_gate)_h z_h, a gate per token and head (Qiu et al. 2025)
  bool unembed = true;       // false: forward returns the last hidden state [B, T, D] instead of logits
  bool tied = false;         // unembedding = embeddingᵀ
  Real scale = 0;            // score scale; 0: 1/√d
  Real softcap = 0;          // 0: none
  Index window = 0;  // a query sees itself and this many keys to the left (encoder: also right); 0: all
  std::vector<std::uint8_t> window_layers;  // L flags: 1 where the window holds; empty: in every layer

  // 0: tokens N(0, 1) (tied: 1/√D), learned positions 1/√D, matrices 1/√(fan-in); else N(0, init_std) with
  // residual projections / √(2L). How loud tokens start decides which circuit wins (chapter 7).
  Real init_std = 0;
  Real position_std = 0;  // learned positions on their own; 0: as init_std says
  // Every head of a layer starts equal (chapter 7, symmetry experiment). Each head is then multiplied
  // on its own, so that equal heads stay equal to the bit.
  bool identical_heads = false;
  Real head_noise = 0;  // relative noise added to identical heads

  // The role whose matrix makes the keys, and the values: "Q", "K" or "V".
  const char* key_role() const { return shared_qk ? "Q" : "K"; }
  const char* value_role() const { return shared_kv ? key_role() : "V"; }
  Index resolved_kv_heads() const { return kv_heads ? kv_heads : heads; }
  Index resolved_head_width() const { return head_width ? head_width : (heads ? width / heads : 0); }
  Index resolved_mlp_width() const { return mlp_width ? mlp_width : 4 * width; }
  Index resolved_rope_width() const { return rope_width ? rope_width : resolved_head_width(); }
  RotaryLadder rotary_ladder() const {
    return {rope_base,
            rope_scaling,
            {rope_low_turns, rope_high_turns, rope_original_context, rope_ramp},
            rope_magnitude,
            rope_kept_pairs};
  }
  bool windowed(Index l) const {
    return window && (window_layers.empty() || window_layers[static_cast<std::size_t>(l)]);
  }
  // To the stream, before the first layer; the other kinds act within the heads.
  bool adds_positions() const {
    return position == PositionKind::learned || position == PositionKind::sinusoidal;
  }
  bool has_mlp() const { return mlp != MlpKind::none; }
  bool has_norms() const { return norm != NormPlacement::none; }
  bool has_final_norm() const { return final_norm && norm == NormPlacement::pre; }
};

// About as many parameters as the model has: biases and gains are left out. In double, so nothing overflows.
double approximate_parameters(const ModelConfig& config);

// Says what is wrong in words a user can act on ("heads = 5 does not divide width = 64; set head_width").
// A model of more parameters than the limit is refused: only a file that holds them all proves that they are
// meant.
inline constexpr double max_parameters = 5e8;
Status validate(const ModelConfig& config, double parameter_limit = max_parameters);

std::string to_json(const ModelConfig& config);                       // our own checkpoint metadata
Result<ModelConfig> model_config_from_json(const std::string& json);  // unknown keys are errors

}  // namespace attn
