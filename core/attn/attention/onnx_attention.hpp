// The ONNX Attention operator, opsets 23, 24 and 25 (onnx/docs/Operators.md#Attention), forward.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "attn/base/error.hpp"
#include "attn/base/tensor.hpp"

namespace attn {

struct BoolTensor {
  std::vector<Index> shape;
  std::vector<std::uint8_t> values;  // 0 or 1; 1: takes part
};

struct OnnxAttention {
  // inputs; Q, K, V are [B, H, T, d] or [B, T, H·d]
  Tensor q, k, v;
  std::variant<std::monostate, Tensor, BoolTensor> mask;  // rank 1–4, broadcast right-aligned to [B, H, T, S]
  std::optional<Tensor> past_key, past_value;             // [B, H_kv, P, d]
  std::optional<std::vector<std::int64_t>> nonpad_kv_seqlen;  // [B]
  // attributes
  bool is_causal = false;
  Index q_num_heads = 0, kv_num_heads = 0;  // needed for 3-D inputs
  std::optional<Real> scale;                // absent: 1/√d
  Real softcap = 0;
  int qk_matmul_output_mode = 0;  // 0 raw, 1 after soft-cap, 2 after mask, 3 after softmax
  int softmax_precision = 0;      // accepted; computation is in Real
  Index left_window_size = -1, right_window_size = -1;  // -1: unbounded (opset 25)
};

struct OnnxAttentionResult {
  Tensor y;                           // like q, with the width of v
  Tensor present_key, present_value;  // [B, H_kv, P + S, d]
  Tensor qk_matmul_output;            // [B, H, T, P + S]
};

Result<OnnxAttentionResult> onnx_attention(const OnnxAttention& inputs);

// The ONNX RotaryEmbedding operator, opset 23.
struct OnnxRotary {
  Tensor input;  // [B, H, T, d] or [B, T, H·d]
  // [positions, r/2] with position ids, else [B, T, r/2] or, for all sequences, [1, T, r/2].
  Tensor cos_cache, sin_cache;
  std::optional<std::vector<std::int64_t>> position_ids;  // [B, T], or [T] for all sequences
  bool interleaved = false;
  Index num_heads = 0;             // needed for 3-D input
  Index rotary_embedding_dim = 0;  // 0: the whole width
};
Result<Tensor> onnx_rotary(const OnnxRotary& inputs);

}  // namespace attn
