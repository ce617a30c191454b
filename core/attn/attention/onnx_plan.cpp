#include "attn/attention/onnx_plan.hpp"

#include <cmath>
#include <limits>

namespace attn {

namespace {

Error fault(ErrorCode code, const std::string& what) { return {code, "attention: " + what}; }
Error misfit(const std::string& what) { return fault(ErrorCode::mismatch, what); }
std::string shape_text(const Tensor& t) { return to_string(t.shape); }

// B, H, T, d of one input: [B, H, T, d], or [B, T, H·d] with the head count from an attribute.
struct Extents {
  Index batch = 0, heads = 0, tokens = 0, width = 0;
};

Result<Extents> extents(const char* name, const Tensor& x, Index heads, const char* attribute) {
  const Shape& s = x.shape;
  if (s.rank() == 4) {
    if (heads != 0 && heads != s[1])
      return misfit(std::string(attribute) + " = " + std::to_string(heads) + ", but " + name + " is " +
                    shape_text(x) + " with " + std::to_string(s[1]) + " heads");
    return Extents{s[0], s[1], s[2], s[3]};
  }
  if (s.rank() != 3)
    return misfit(std::string(name) + " is " + shape_text(x) + "; it must be [B, H, T, d] or [B, T, H*d]");
  if (heads == 0) return misfit(std::string("3-D inputs need the attribute ") + attribute);
  if (s[2] % heads != 0)
    return misfit(std::string(name) + " is " + shape_text(x) + "; its last axis is not a multiple of " +
                  attribute + " = " + std::to_string(heads));
  return Extents{s[0], heads, s[1], s[2] / heads};
}

Status check_attributes(const OnnxAttention& in) {
  const auto bad = [](const std::string& what) { return fault(ErrorCode::out_of_range, what); };
  if (in.q_num_heads < 0 || in.kv_num_heads < 0) return bad("a head count is negative");
  if (in.scale && !std::isfinite(*in.scale)) return bad("scale is not finite");
  if (!std::isfinite(in.softcap)) return bad("softcap is not finite");
  if (in.qk_matmul_output_mode < 0 || in.qk_matmul_output_mode > 3)
    return bad(
        "qk_matmul_output_mode must be 0 (raw), 1 (after softcap), 2 (after the mask) or 3 (after softmax)");
  if (in.left_window_size < -1 || in.right_window_size < -1)
    return bad("left_window_size and right_window_size must be -1 (unbounded) or at least 0");
  // TensorProto.DataType: 1 FLOAT, 10 FLOAT16, 11 DOUBLE, 16 BFLOAT16; 0 stands for absent.
  const int precision = in.softmax_precision;
  if (precision != 0 && precision != 1 && precision != 10 && precision != 11 && precision != 16)
    return bad("softmax_precision must be 1 (float), 10 (float16), 11 (double) or 16 (bfloat16)");
  return Unit{};
}

Status read_extents(const OnnxAttention& in, OnnxPlan& plan) {
  if (in.q.shape.rank() != in.k.shape.rank() || in.q.shape.rank() != in.v.shape.rank())
    return misfit("Q, K and V must all be 3-D or all 4-D; they are " + shape_text(in.q) + ", " +
                  shape_text(in.k) + ", " + shape_text(in.v));
  const auto q = extents("Q", in.q, in.q_num_heads, "q_num_heads");
  if (!q) return q.error();
  const auto k = extents("K", in.k, in.kv_num_heads, "kv_num_heads");
  if (!k) return k.error();
  const auto v = extents("V", in.v, in.kv_num_heads, "kv_num_heads");
  if (!v) return v.error();
  const std::string all = "Q " + shape_text(in.q) + ", K " + shape_text(in.k) + ", V " + shape_text(in.v);
  if (k->batch != q->batch || v->batch != q->batch) return misfit("batch sizes differ: " + all);
  if (k->heads != v->heads) return misfit("K and V have different numbers of heads: " + all);
  if (k->tokens != v->tokens) return misfit("K and V have different lengths: " + all);
  if (k->width != q->width) return misfit("Q and K have different head widths: " + all);
  if (q->width == 0) return misfit("the head width is 0: " + all);
  if (q->heads == 0 || k->heads == 0) return misfit("there are no heads: " + all);
  if (q->heads % k->heads != 0)
    return misfit("the query heads (" + std::to_string(q->heads) + ") must be a multiple of the key heads (" +
                  std::to_string(k->heads) + ")");
  plan.batch = q->batch;
  plan.heads = q->heads;
  plan.kv_heads = k->heads;
  plan.queries = q->tokens;
  plan.keys = k->tokens;
  plan.width = q->width;
  plan.value_width = v->width;
  return Unit{};
}

Status read_past(const OnnxAttention& in, OnnxPlan& plan) {
  if (in.past_key.has_value() != in.past_value.has_value())
    return misfit("past_key and past_value go together; one of them is missing");
  if (in.past_key && in.nonpad_kv_seqlen)
    return misfit("nonpad_kv_seqlen describes a cache kept outside; it cannot stand beside past_key");
  if (in.past_key) {
    const Shape &k = in.past_key->shape, &v = in.past_value->shape;
    const Index length = k.rank() == 4 ? k[2] : -1;
    if (k != Shape{plan.batch, plan.kv_heads, length, plan.width})
      return misfit("past_key is " + to_string(k) + "; it must be [B, H_kv, P, d] like K, which is " +
                    shape_text(in.k));
    if (v != Shape{plan.batch, plan.kv_heads, length, plan.value_width})
      return misfit("past_value is " + to_string(v) + "; past_key is " + to_string(k) + " and V " +
                    shape_text(in.v));
    plan.past = length;
    plan.keys += length;
  }
  if (in.nonpad_kv_seqlen) {
    if (static_cast<Index>(in.nonpad_kv_seqlen->size()) != plan.batch)
      return misfit("nonpad_kv_seqlen has " + std::to_string(in.nonpad_kv_seqlen->size()) +
                    " entries for a batch of " + std::to_string(plan.batch));
    for (const std::int64_t n : *in.nonpad_kv_seqlen) {
      if (n < 0 || n > plan.keys)
        return fault(ErrorCode::out_of_range, "nonpad_kv_seqlen holds " + std::to_string(n) + "; there are " +
                                                  std::to_string(plan.keys) + " keys");
      plan.lengths.push_back(static_cast<Index>(n));
    }
  }
  return Unit{};
}

// The mask's shape, right-aligned in [B, H, T, P + S]; every axis but the last fits or is 1.
Status place_bias(const std::vector<Index>& shape, OnnxPlan& plan) {
  std::string text;
  for (Index e : shape) text += (text.empty() ? "" : ", ") + std::to_string(e);
  if (shape.empty() || shape.size() > 4)
    return misfit("attn_mask is [" + text + "]; its rank must be 1 to 4");
  std::vector<Index> full(4 - shape.size(), 1);
  full.insert(full.end(), shape.begin(), shape.end());
  const Index target[3] = {plan.batch, plan.heads, plan.queries};
  for (std::size_t a = 0; a < 3; ++a)
    if (full[a] != 1 && full[a] != target[a])
      return misfit("attn_mask is [" + text + "]; it does not broadcast to [" + std::to_string(plan.batch) +
                    ", " + std::to_string(plan.heads) + ", " + std::to_string(plan.queries) + ", " +
                    std::to_string(plan.keys) + "]");
  if (full[3] > plan.keys)
    return misfit("attn_mask is [" + text + "], longer than the " + std::to_string(plan.keys) + " keys");
  plan.has_bias = true;
  plan.bias_keys = full[3];
  plan.bias_query_stride = full[2] == 1 ? 0 : full[3];
  plan.bias_head_stride = full[1] == 1 ? 0 : full[2] * full[3];
  plan.bias_batch_stride = full[0] == 1 ? 0 : full[1] * full[2] * full[3];
  return Unit{};
}

Status read_mask(const OnnxAttention& in, OnnxPlan& plan) {
  if (const Tensor* t = std::get_if<Tensor>(&in.mask)) {
    std::vector<Index> shape;
    for (int a = 0; a < t->shape.rank(); ++a) shape.push_back(t->shape[a]);
    plan.bias = t->data;
    return place_bias(shape, plan);
  }
  if (const BoolTensor* t = std::get_if<BoolTensor>(&in.mask)) {
    plan.bias.reserve(t->values.size());
    for (const std::uint8_t seen : t->values)
      plan.bias.push_back(seen ? Real(0) : -std::numeric_limits<Real>::infinity());
    return place_bias(t->shape, plan);
  }
  return Unit{};
}

// One head's queries meet `each` numbers apiece: keys' scores, or the coordinates of Y.
Status check_elements(const OnnxPlan& plan, Index each, const char* what) {
  Index n = 1;
  for (const Index e : {plan.batch, plan.heads, plan.queries, each}) {
    if (e == 0) return Unit{};
    if (__builtin_mul_overflow(n, e, &n) || n > onnx_max_elements)
      return fault(ErrorCode::too_large, std::to_string(plan.batch) + " x " + std::to_string(plan.heads) +
                                             " heads of " + std::to_string(plan.queries) + " x " +
                                             std::to_string(each) + " " + what + " exceed the limit of " +
                                             std::to_string(onnx_max_elements) + " elements");
  }
  return Unit{};
}

Status check_size(const OnnxAttention&, OnnxPlan& plan) {
  const Status scores = check_elements(plan, plan.keys, "scores");
  return scores ? check_elements(plan, plan.value_width, "outputs") : scores;
}

}  // namespace

Result<OnnxPlan> plan_onnx_attention(const OnnxAttention& in) {
  OnnxPlan plan;
  const Status attributes = check_attributes(in);
  if (!attributes) return attributes.error();
  for (const auto step : {read_extents, read_past, read_mask, check_size}) {
    const Status ok = step(in, plan);
    if (!ok) return ok.error();
  }
  plan.scale = in.scale ? *in.scale : Real(1) / std::sqrt(static_cast<Real>(plan.width));
  plan.y_shape = in.q.shape.rank() == 4 ? Shape{plan.batch, plan.heads, plan.queries, plan.value_width}
                                        : Shape{plan.batch, plan.queries, plan.heads * plan.value_width};
  return plan;
}

}  // namespace attn
