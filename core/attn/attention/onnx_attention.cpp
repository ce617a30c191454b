#include "attn/attention/onnx_attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attn/attention/heads.hpp"
#include "attn/attention/mask.hpp"
#include "attn/attention/mix.hpp"
#include "attn/attention/onnx_plan.hpp"
#include "attn/attention/pattern.hpp"
#include "attn/attention/scores.hpp"
#include "attn/attention/softcap.hpp"

namespace attn {

namespace {

constexpr Real forbidden = -std::numeric_limits<Real>::infinity();

// x: [B, T, H·d] or [B, H, T, d], as H heads of width d.
ConstHeads heads_of(const Tensor& x, Index heads, Index width) {
  if (x.shape.rank() == 4) return head_major(ConstView(x));
  return token_major(ConstView(x).reshaped({x.shape[0], x.shape[1], heads, width}));
}
Heads heads_of(Tensor& x, Index heads, Index width) {
  if (x.shape.rank() == 4) return head_major(View(x));
  return token_major(View(x).reshaped({x.shape[0], x.shape[1], heads, width}));
}

// present = past, then the new tokens: [B, H_kv, P + S, d].
Tensor append(const std::optional<Tensor>& past, const ConstHeads& fresh, Index past_length) {
  Tensor present(Shape{fresh.batch, fresh.heads, past_length + fresh.tokens, fresh.width});
  const Heads out = head_major(View(present));
  for (Index b = 0; b < fresh.batch; ++b)
    for (Index h = 0; h < fresh.heads; ++h) {
      if (past) {
        const Real* old = past->data.data() + (b * fresh.heads + h) * past_length * fresh.width;
        std::copy(old, old + past_length * fresh.width, out.vector(b, 0, h));
      }
      for (Index t = 0; t < fresh.tokens; ++t) {
        const Real* x = fresh.vector(b, t, h);
        std::copy(x, x + fresh.width, out.vector(b, past_length + t, h));
      }
    }
  return present;
}

// s: [T, S]. A forbidden key's score becomes -inf whatever it was: +inf + (-inf) would be NaN, and
// what a masked key holds must not matter.
void apply_mask(Matrix s, const OnnxPlan& plan, const KeyMask& mask, Index b, Index h) {
  mask_scores(s, mask, b);
  if (!plan.has_bias) return;
  for (Index i = 0; i < s.rows; ++i) {
    const KeyRange seen = mask.row(b, i, s.cols);
    const Real* bias = plan.bias_row(b, h, i);
    for (Index j = seen.begin; j < seen.end; ++j) {
      const Real add = j < plan.bias_keys ? bias[j] : forbidden;  // a short mask forbids the rest
      s(i, j) = add == forbidden ? forbidden : s(i, j) + add;
    }
  }
}

// p: [T, S] from masked scores s. Rows that see nothing are zeros (opset 23, errata of 2026).
void weights_from(Matrix p, ConstMatrix s, const KeyMask& mask, Index b) {
  masked_softmax(p, s, mask, b);
  for (Index i = 0; i < s.rows; ++i)
    for (Index j = 0; j < s.cols; ++j)
      if (s(i, j) == forbidden) p(i, j) = 0;  // exactly, even beside a NaN
}

bool all_finite(ConstMatrix v) {
  for (Index r = 0; r < v.rows; ++r)
    for (Index c = 0; c < v.cols; ++c)
      if (!std::isfinite(v(r, c))) return false;
  return true;
}

// z: [T, d_v] = P V over the keys that are seen: 0 · inf would be NaN, so a value that is not finite
// must not enter a sum in which its key is masked.
void mix_seen(Matrix z, ConstMatrix p, ConstMatrix s, ConstMatrix v) {
  if (all_finite(v)) return mix(z, p, v);
  for (Index i = 0; i < z.rows; ++i)
    for (Index c = 0; c < z.cols; ++c) {
      Real sum = 0;
      for (Index j = 0; j < v.rows; ++j)
        if (s(i, j) != forbidden) sum += p(i, j) * v(j, c);
      z(i, c) = sum;
    }
}

void copy_to(Matrix out, ConstMatrix s) {
  for (Index i = 0; i < s.rows; ++i) std::copy(&s(i, 0), &s(i, 0) + s.cols, &out(i, 0));
}

// The key range of sequence b: `past` is the number of keys before the first query.
KeyMask key_mask(const OnnxAttention& in, const OnnxPlan& plan, Index b) {
  KeyMask mask;
  mask.causal = in.is_causal;
  mask.left = in.left_window_size;
  mask.right = in.right_window_size;
  mask.past = plan.past;
  if (!plan.lengths.empty()) {
    mask.lengths = plan.lengths.data();
    mask.past = plan.lengths[static_cast<std::size_t>(b)] - plan.queries;
  }
  return mask;
}

}  // namespace

// #region onnx-attention
Result<OnnxAttentionResult> onnx_attention(const OnnxAttention& in) {
  const Result<OnnxPlan> planned = plan_onnx_attention(in);
  if (!planned) return planned.error();
  const OnnxPlan& plan = *planned;

  OnnxAttentionResult out;
  out.present_key = append(in.past_key, heads_of(in.k, plan.kv_heads, plan.width), plan.past);
  out.present_value = append(in.past_value, heads_of(in.v, plan.kv_heads, plan.value_width), plan.past);
  out.y = Tensor(plan.y_shape);
  out.qk_matmul_output = Tensor(Shape{plan.batch, plan.heads, plan.queries, plan.keys});
  if (plan.queries == 0 || plan.keys == 0) return out;

  const ConstHeads q = heads_of(in.q, plan.heads, plan.width);
  const ConstHeads k = head_major(ConstView(out.present_key));
  const ConstHeads v = head_major(ConstView(out.present_value));
  const Heads y = heads_of(out.y, plan.heads, plan.value_width);
  Tensor scores(Shape{plan.queries, plan.keys}), weights(scores.shape);
  const Matrix s = as_matrix(View(scores)), p = as_matrix(View(weights));  // [T, S]
  for (Index b = 0; b < plan.batch; ++b) {
    const KeyMask mask = key_mask(in, plan, b);
    for (Index h = 0; h < plan.heads; ++h) {
      const Index shared = h / (plan.heads / plan.kv_heads);  // Ainslie et al. 2023: heads in groups
      const Matrix shown = map_of(View(out.qk_matmul_output), b, h);
      const auto show = [&](int mode, ConstMatrix stage) {
        if (in.qk_matmul_output_mode == mode) copy_to(shown, stage);
      };
      qk_scores(s, q.matrix(b, h), k.matrix(b, shared), plan.scale);
      show(0, s);
      if (in.softcap > 0) softcap(s, in.softcap);
      show(1, s);
      apply_mask(s, plan, mask, b, h);
      show(2, s);
      weights_from(p, s, mask, b);
      show(3, p);
      mix_seen(y.matrix(b, h), p, s, v.matrix(b, shared));
    }
  }
  return out;
}
// #endregion onnx-attention

}  // namespace attn
