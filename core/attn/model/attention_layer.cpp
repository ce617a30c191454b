// The attention layer of a forward pass: three roles, the heads, their assembly.
#include <algorithm>
#include <cmath>

#include "attn/attention/attention.hpp"
#include "attn/attention/result.hpp"
#include "attn/attention/rotary.hpp"
#include "attn/attention/smear.hpp"
#include "attn/math/vector.hpp"
#include "attn/model/forward_pass.hpp"
#include "attn/ops/activation.hpp"
#include "attn/ops/head_gate.hpp"
#include "attn/ops/linear.hpp"
#include "attn/ops/norm.hpp"
#include "attn/ops/table_rows.hpp"

namespace attn {
namespace {

// Shows a layer's scores and pattern to the hooks.
class LayerTap : public AttentionTap {
 public:
  LayerTap(const Hooks* hooks, int layer) : hooks_(hooks), layer_(layer) {}
  bool wants(AttentionStage stage) const override { return hooks_ && hooks_->wants(point(stage)); }
  bool visit(AttentionStage stage, View value) const override { return hooks_->run(point(stage), value); }

 private:
  HookPoint point(AttentionStage stage) const {
    return {stage == AttentionStage::scores ? Site::attn_scores : Site::pattern, layer_};
  }
  const Hooks* hooks_;
  int layer_;
};

// Keys or values [B, T, H_kv, d] appended to a cache [B, H_kv, capacity, d].
void append(Heads cache, ConstHeads x, Index past) {
  for (Index b = 0; b < x.batch; ++b)
    for (Index t = 0; t < x.tokens; ++t)
      for (Index h = 0; h < x.heads; ++h) vec::copy(x.vector(b, t, h), cache.vector(b, past + t, h), x.width);
}

}  // namespace

// #region three-roles
Var ForwardPass::attention_layer(int l, Var x) {
  const Index H = c_.heads, K = c_.resolved_kv_heads();
  // A shared matrix is multiplied once for each role: a hook on q must not reach k.
  Var q = project(l, "Q", asked(l, x), H);    // [B, T, H, d]
  Var k = project(l, c_.key_role(), x, K);    // [B, T, H_kv, d]
  Var v = project(l, c_.value_role(), x, K);  // [B, T, H_kv, d]
  if (c_.qk_norm) {
    q = rms_norm(tape_, q, parameter(l, "attn.q_norm.w"), c_.norm_epsilon);
    k = rms_norm(tape_, k, parameter(l, "attn.k_norm.w"), c_.norm_epsilon);
  }
  if (c_.smeared_keys) k = smear(l, k);
  q = hook(Site::q, l, q);
  k = hook(Site::k, l, k);
  v = hook(Site::v, l, v);
  if (c_.position == PositionKind::rope) {
    const RotaryPairs pairs =
        c_.rope_layout == RopeLayout::half ? RotaryPairs::half : RotaryPairs::interleaved;
    q = hook(Site::rot_q, l, rotary(tape_, q, cosine_, sine_, pairs));
    k = hook(Site::rot_k, l, rotary(tape_, k, cosine_, sine_, pairs));
  }
  const Var z = hook(Site::z, l, gated(l, x, attend(l, q, k, v)));
  return heads_out(l,
                   options_.gates ? gate_heads(tape_, z, (*options_.gates)[static_cast<std::size_t>(l)]) : z);
}
// #endregion three-roles

// x W + b with the matrix and the bias of one role: "Q", "K" or "V". Of the tables x is the factor.
Var ForwardPass::project(int l, const char* role, Var x, Index heads) {
  const Var w = parameter(in_block(l, "attn.W_") << role), b = parameter(in_block(l, "attn.b_") << role);
  LinearOptions options;
  if (c_.identical_heads) options.output_heads = heads;
  const Index d = c_.resolved_head_width();
  const auto times_w = [&](Var rows, Index batch, Index length) {
    return linear(tape_, rows, w, b, batch * length, {batch, length, heads, d}, options);
  };
  if (!tables_ || l > 0) {
    const Shape in = tape_.value(x).shape;
    return times_w(x, in[0], in[1]);
  }
  const Var places = places_.valid() ? times_w(places_, 1, T_) : Var{};
  return table_rows(tape_, x, times_w(parameter("embed.W_E"), 1, c_.vocab), places, batch_.tokens.data(),
                    {B_, T_, heads, d});
}

Var ForwardPass::smear(int l, Var k) {
  KvCache* cache = options_.cache;
  const Var raw = k;
  k = smear_keys(tape_, raw, parameter(l, "attn.smear"),
                 cache && past_ > 0 ? cache->last_key(l) : ConstView{});
  if (cache && T_ > 0) {
    const ConstHeads keys = token_major(tape_.value(raw));
    Real* last = cache->last_key(l).data;  // [B, H_kv, d]
    for (Index b = 0; b < B_; ++b, last += keys.heads * keys.width)
      vec::copy(keys.vector(b, T_ - 1, 0), last, keys.heads * keys.width);
  }
  return k;
}

// Each head's score of no key, [H]; invalid: a row must spend its 1 on the keys.
Var ForwardPass::null_scores(int l) {
  if (c_.null_score != NullScore::zero) return parameter(l, "attn.null");
  const View zeros = tape_.scratch({c_.heads});
  vec::fill(0, zeros.data, zeros.size());
  return tape_.constant(zeros);
}

// #region token-gates
// z_h <- σ(x W_gate)_h z_h: each token says how much of each head it takes.
Var ForwardPass::gated(int l, Var x, Var z) {
  if (!c_.token_gates) return z;
  x = asked(l, x);
  const Shape in = tape_.value(x).shape;
  const Var open =
      linear(tape_, x, parameter(l, "attn.W_gate"), Var(), in[0] * in[1], {in[0], in[1], c_.heads});
  return gate_heads(tape_, z, sigmoid(tape_, open));
}
// #endregion token-gates

// #region attend
Var ForwardPass::attend(int l, Var q, Var k, Var v) {
  const LayerTap tap(options_.hooks, l);
  AttentionOptions a;
  a.scale = c_.scale > 0 ? c_.scale : 1 / std::sqrt(static_cast<Real>(c_.resolved_head_width()));
  a.softcap = c_.softcap;
  a.bias = bias_;
  a.null = null_scores(l);
  a.tap = options_.hooks ? &tap : nullptr;
  a.mask.causal = c_.kind == Kind::decoder;
  a.mask.past = past_;
  if (c_.windowed(l)) a.mask.left = c_.window;
  if (c_.windowed(l) && c_.kind == Kind::encoder) a.mask.right = c_.window;
  a.mask.lengths = batch_.lengths.empty() ? nullptr : batch_.lengths.data();
  if (l == c_.layers - 1) a.starts = options_.tails;
  if (!options_.cache) return attention(tape_, q, k, v, a);
  const Heads keys = head_major(options_.cache->keys(l)), values = head_major(options_.cache->values(l));
  append(keys, token_major(tape_.value(k)), past_);
  append(values, token_major(tape_.value(v)), past_);
  return attention(tape_, q, keys.first(past_ + T_), values.first(past_ + T_), a);
}
// #endregion attend

// A weight kept in sixteen bits, as Real for the block's lifetime; any other as it is.
Var ForwardPass::widened(Var w) {
  if (!tape_.is_stored(w)) return w;
  const StoredView stored = tape_.stored(w);
  const View wide = tape_.scratch(stored.shape);
  widen(stored.data, stored.storage, wide.data, wide.size());
  return tape_.constant(wide);
}

// #region heads-out
// Σ_h z_h W_O^h + b_O as one product; head by head only if somebody looks at the parts.
Var ForwardPass::heads_out(int l, Var z) {
  Var w = parameter(l, "attn.W_O");
  const Var b = parameter(l, "attn.b_O");
  const Shape in = tape_.value(z).shape, out{in[0], in[1], c_.width};
  const Index rows = in[0] * in[1];
  LinearOptions options;
  if (c_.identical_heads) options.input_heads = c_.heads;
  if (!wants(Site::result, l)) return hook(Site::attn_out, l, linear(tape_, z, w, b, rows, out, options));
  w = widened(w);
  const Var result = head_results(tape_, z, w);
  const Tensor before(tape_.value(result).shape,
                      std::vector<Real>(tape_.value(result).begin(), tape_.value(result).end()));
  hook(Site::result, l, result);
  const bool unchanged = std::equal(before.data.begin(), before.data.end(), tape_.value(result).begin());
  // Unchanged parts must give the unchanged sum, to the bit: the one product, cut off from the gradient
  // if a hook replaced them.
  const bool detached = !tape_.needs_grad(result);
  const Var from = detached ? tape_.constant(tape_.value(z)) : z;
  const Var by = detached ? tape_.constant(tape_.value(w)) : w;
  return hook(Site::attn_out, l,
              unchanged ? linear(tape_, from, by, b, rows, out, options) : sum_heads(tape_, result, b));
}
// #endregion heads-out

}  // namespace attn
