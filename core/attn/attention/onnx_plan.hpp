// What an ONNX Attention call asks for, once its shapes are found to fit.
#pragma once

#include <vector>

#include "attn/attention/onnx_attention.hpp"

namespace attn {

struct OnnxPlan {
  Index batch = 0, heads = 0, kv_heads = 0;  // B, H, H_kv
  Index queries = 0, past = 0, keys = 0;     // T, P, P + S
  Index width = 0, value_width = 0;          // d, d_v
  Real scale = 1;
  Shape y_shape;               // [B, H, T, d_v] or [B, T, H·d_v]
  std::vector<Index> lengths;  // [B], nonpad_kv_seqlen; empty: absent

  // attn_mask as an additive bias, broadcast by strides (0 along an axis of extent 1). Its last axis
  // has bias_keys entries; keys beyond them are forbidden.
  bool has_bias = false;
  std::vector<Real> bias;
  Index bias_keys = 0, bias_batch_stride = 0, bias_head_stride = 0, bias_query_stride = 0;
  const Real* bias_row(Index b, Index h, Index i) const {
    return bias.data() + b * bias_batch_stride + h * bias_head_stride + i * bias_query_stride;
  }
};

// The scores of all heads, and what they put out, may take this many elements each (1 GiB in float): shapes
// beyond it are an error before any memory is taken.
inline constexpr Index onnx_max_elements = Index{1} << 28;

Result<OnnxPlan> plan_onnx_attention(const OnnxAttention& in);

}  // namespace attn
