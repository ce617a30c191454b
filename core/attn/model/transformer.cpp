#include "attn/model/transformer.hpp"

#include <algorithm>
#include <cmath>

#include "attn/attention/attention.hpp"
#include "attn/attention/bias.hpp"
#include "attn/attention/result.hpp"
#include "attn/attention/rotary.hpp"
#include "attn/attention/smear.hpp"
#include "attn/math/vector.hpp"
#include "attn/ops/activation.hpp"
#include "attn/ops/elementwise.hpp"
#include "attn/ops/embedding.hpp"
#include "attn/ops/head_gate.hpp"
#include "attn/ops/linear.hpp"
#include "attn/ops/norm.hpp"

namespace attn {
namespace {

// A parameter's name put together in place: a training step allocates nothing. Not by snprintf, which the
// page's module would carry for this alone. Names stay far below the buffer (parameters.hpp).
class Name {
 public:
  Name& operator<<(std::string_view part) {
    for (char c : part)
      if (size_ < sizeof text_) text_[size_++] = c;
    return *this;
  }
  Name& operator<<(int n) {
    if (n >= 10) *this << n / 10;
    const char digit = static_cast<char>('0' + n % 10);
    return *this << std::string_view(&digit, 1);
  }
  operator std::string_view() const { return {text_, size_}; }

 private:
  char text_[64];
  std::size_t size_ = 0;
};

// "blocks.l.name"; outside the blocks (l < 0) the name alone.
Name in_block(int l, std::string_view name) {
  Name out;
  if (l >= 0) out << "blocks." << l << ".";
  return out << name;
}

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

// One forward pass. B sequences of T tokens, which follow `past` cached ones.
class Pass {
 public:
  Pass(Tape& tape, const Model& model, const TokenBatch& batch, const ForwardOptions& options)
      : tape_(tape),
        model_(model),
        c_(model.config),
        batch_(batch),
        options_(options),
        B_(batch.batch),
        T_(batch.length),
        past_(options.cache ? options.cache->length() : 0) {}

  Var run();

 private:
  void check() const;
  void check_watched(const std::vector<WatchedValue>& watched) const;
  Var embed();
  Var blocks(Var x);
  Var block(int l, Var x);
  Var attention_layer(int l, Var x);
  Var project(int l, const char* role, Var x, Index heads);
  Var attend(int l, Var q, Var k, Var v);
  Var widened(Var w);
  Var heads_out(int l, Var z);
  Var mlp_layer(int l, Var x);
  Var unembed(Var x);

  Var read(Site site, int l, const char* norm, Var x);
  Var write(int l, const char* norm, Var x, Var update);
  Var normalise(int l, const char* name, Var x);
  Var positions(Var x);
  Var smear(int l, Var k);
  void prepare_positions();

  bool wants(Site site, int l) const {
    return (options_.hooks && options_.hooks->wants({site, l})) || watches({site, l});
  }
  bool watches(HookPoint point) const;
  Var hook(Site site, int l, Var v);
  Var watch(HookPoint point, Var v);
  Var parameter(std::string_view name);         // an invalid Var if the model has none
  Var parameter(int l, std::string_view name);  // "blocks.l.name"

  Tape& tape_;
  const Model& model_;
  const ModelConfig& c_;
  const TokenBatch& batch_;
  const ForwardOptions& options_;
  const Index B_, T_, past_;
  View cosine_, sine_;  // [T, r/2], rotary models
  Var bias_;            // [H, T, S], ALiBi and T5
};

Var Pass::hook(Site site, int l, Var v) {
  if (options_.hooks && options_.hooks->wants({site, l}) &&
      options_.hooks->run({site, l}, tape_.mutable_value(v)))
    tape_.detach(v);  // what replaced it does not come from what came before
  return watches({site, l}) ? watch({site, l}, v) : v;
}

bool Pass::watches(HookPoint point) const {
  if (!options_.watched) return false;
  for (const WatchedValue& w : *options_.watched)
    if (w.point == point) return true;
  return false;
}

// A value without a gradient is copied, so that the gradient begins here even where a hook cut it off.
Var Pass::watch(HookPoint point, Var v) {
  if (!tape_.needs_grad(v)) {
    v = copy(tape_, v);
    tape_.watch(v);
  }
  for (WatchedValue& w : *options_.watched)
    if (w.point == point) w.value = v;
  return v;
}

Var Pass::parameter(std::string_view name) {
  const ParameterInfo* info = model_.parameters.find(name);
  if (!info) return Var{};
  if (info->storage != Storage::real) return tape_.stored_parameter(model_.parameters.stored(*info));
  const ConstView value{model_.parameters.flat().data + info->offset, info->shape};
  Parameters* gradients = options_.gradients;
  return tape_.parameter(value,
                         gradients ? View{gradients->flat().data + info->offset, info->shape} : View{});
}

Var Pass::parameter(int l, std::string_view name) { return parameter(in_block(l, name)); }

void Pass::check() const {
  const Status tokens = check_tokens(c_, batch_, past_);
  if (!tokens.ok()) throw ShapeError(tokens.error().message);
  if (options_.gradients && options_.gradients->size() != model_.parameters.size())
    throw ShapeError("the gradients belong to a model of " + std::to_string(options_.gradients->size()) +
                     " parameters, this one has " + std::to_string(model_.parameters.size()));
  if (options_.watched) check_watched(*options_.watched);
  if (options_.gates && static_cast<Index>(options_.gates->size()) != c_.layers)
    throw ShapeError("gates for " + std::to_string(options_.gates->size()) + " layers of " +
                     std::to_string(c_.layers));
  if (!options_.cache) return;
  if (tape_.training()) throw ShapeError("a KV cache is for inference: no gradient flows through it");
  if (options_.cache->batch() != B_ || past_ + T_ > options_.cache->capacity() || !batch_.lengths.empty())
    throw ShapeError("the KV cache holds " + std::to_string(options_.cache->batch()) +
                     " unpadded sequences of " + std::to_string(options_.cache->capacity()) +
                     " tokens; asked for " + std::to_string(B_) + " of " + std::to_string(past_ + T_));
}

void Pass::check_watched(const std::vector<WatchedValue>& watched) const {
  if (!tape_.training()) throw ShapeError("gradients of activations need a training tape");
  for (const WatchedValue& w : watched)
    if (w.point.site == Site::attn_scores || w.point.site == Site::pattern || w.point.site == Site::result)
      throw ShapeError("no gradient is kept at " + to_string(w.point));
}

Var Pass::run() {
  check();
  prepare_positions();
  Var x = blocks(embed());  // [B, T, D]
  if (c_.has_final_norm()) x = hook(Site::final_norm, -1, normalise(-1, "ln_final", x));
  if (options_.cache) options_.cache->advance(T_);
  return c_.unembed ? unembed(x) : x;
}

Var Pass::embed() {
  Var x = hook(Site::embed, -1, embedding(tape_, parameter("embed.W_E"), batch_.tokens.data(), B_, T_));
  if (c_.token_types)
    x = add(tape_, x, embedding(tape_, parameter("type_embed.W_type"), batch_.types.data(), B_, T_));
  x = positions(x);
  return c_.embed_norm ? normalise(-1, "embed_norm", x) : x;
}

Var Pass::positions(Var x) {
  Var rows;  // [T, D]
  if (c_.position == PositionKind::learned) {
    rows = slice_rows(tape_, parameter("pos_embed.W_pos"), past_, T_);
  } else if (c_.position == PositionKind::sinusoidal) {
    const View table = tape_.scratch({T_, c_.width});
    sinusoidal_table(table, past_);
    rows = tape_.constant(table);
  } else {
    return x;
  }
  if (!wants(Site::pos_embed, -1)) return add_rows(tape_, x, rows);
  return add(tape_, x, hook(Site::pos_embed, -1, repeat_rows(tape_, rows, B_)));
}

void Pass::prepare_positions() {
  if (c_.position == PositionKind::rope) {
    const Shape table{T_, c_.resolved_rope_width() / 2};
    cosine_ = tape_.scratch(table);
    sine_ = tape_.scratch(table);
    rotary_table(cosine_, sine_, past_, c_.rope_base, c_.rope_scaling,
                 {c_.rope_low_turns, c_.rope_high_turns, c_.rope_original_context});
  } else if (c_.position == PositionKind::alibi) {
    const View slopes = tape_.scratch({c_.heads});
    const View bias = tape_.scratch({c_.heads, T_, past_ + T_});
    alibi_slopes(slopes);
    alibi_bias(bias, slopes, past_);
    bias_ = tape_.constant(bias);
  } else if (c_.position == PositionKind::t5) {
    bias_ = t5_bias(tape_, parameter("rel_pos.W_bias"), T_, past_ + T_, past_, c_.kind == Kind::encoder,
                    c_.t5_max_distance);
  }
}

// In inference only the residual stream outlives a block: it is copied to memory of its own and the
// block's is used again.
Var Pass::blocks(Var x) {
  const int layers = static_cast<int>(c_.layers);
  if (tape_.training() || layers == 0) {
    for (int l = 0; l < layers; ++l) x = block(l, x);
    return x;
  }
  const Var stream = tape_.result(tape_.value(x).shape, false);
  for (int l = 0; l < layers; ++l) {
    const Tape::Mark mark = tape_.mark();
    const Var out = block(l, l == 0 ? x : stream);
    vec::copy(tape_.value(out).data, tape_.mutable_value(stream).data, tape_.value(out).size());
    tape_.release(mark);
  }
  return stream;
}

// #region block-forward
Var Pass::block(int l, Var x) {
  x = hook(Site::resid_pre, l, x);
  const Var a = attention_layer(l, read(Site::attn_in, l, "ln1", x));
  x = write(l, "ln1", x, a);  // x + Attention(N(x))
  if (c_.has_mlp()) {
    x = hook(Site::resid_mid, l, x);
    const Var m = mlp_layer(l, read(Site::mlp_in, l, "ln2", x));
    x = write(l, "ln2", x, m);  // x + MLP(N(x))
  }
  return hook(Site::resid_post, l, x);
}
// #endregion block-forward

// What a layer reads: N(x) in a pre-norm model, else the stream itself.
Var Pass::read(Site site, int l, const char* norm, Var x) {
  if (c_.norm == NormPlacement::pre) return hook(site, l, normalise(l, norm, x));
  // A hook must not reach the stream through what the layer reads.
  return wants(site, l) ? hook(site, l, copy(tape_, x)) : x;
}

// The stream after a layer: x + f, or N(x + f) in a post-norm model (Vaswani et al. 2017, section 3.1).
Var Pass::write(int l, const char* norm, Var x, Var update) {
  x = add(tape_, x, update);
  return c_.norm == NormPlacement::post ? normalise(l, norm, x) : x;
}

Var Pass::normalise(int l, const char* name, Var x) {
  const Var gain = parameter(in_block(l, name) << ".w");
  if (c_.norm_kind == NormKind::rms_norm) return rms_norm(tape_, x, gain, c_.norm_epsilon);
  return layer_norm(tape_, x, gain, parameter(in_block(l, name) << ".b"), c_.norm_epsilon);
}

// #region three-roles
Var Pass::attention_layer(int l, Var x) {
  const Index H = c_.heads, K = c_.resolved_kv_heads();
  // A shared matrix is multiplied once for each role: a hook on q must not reach k.
  Var q = project(l, "Q", x, H);              // [B, T, H, d]
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
  const Var z = hook(Site::z, l, attend(l, q, k, v));
  return heads_out(l,
                   options_.gates ? gate_heads(tape_, z, (*options_.gates)[static_cast<std::size_t>(l)]) : z);
}
// #endregion three-roles

// x W + b with the matrix and the bias of one role: "Q", "K" or "V".
Var Pass::project(int l, const char* role, Var x, Index heads) {
  const Var w = parameter(in_block(l, "attn.W_") << role), b = parameter(in_block(l, "attn.b_") << role);
  LinearOptions options;
  if (c_.identical_heads) options.output_heads = heads;
  return linear(tape_, x, w, b, B_ * T_, {B_, T_, heads, c_.resolved_head_width()}, options);
}

Var Pass::smear(int l, Var k) {
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

// Keys or values [B, T, H_kv, d] appended to a cache [B, H_kv, capacity, d].
void append(Heads cache, ConstHeads x, Index past) {
  for (Index b = 0; b < x.batch; ++b)
    for (Index t = 0; t < x.tokens; ++t)
      for (Index h = 0; h < x.heads; ++h) vec::copy(x.vector(b, t, h), cache.vector(b, past + t, h), x.width);
}

Var Pass::attend(int l, Var q, Var k, Var v) {
  const LayerTap tap(options_.hooks, l);
  AttentionOptions a;
  a.scale = c_.scale > 0 ? c_.scale : 1 / std::sqrt(static_cast<Real>(c_.resolved_head_width()));
  a.softcap = c_.softcap;
  a.bias = bias_;
  a.tap = options_.hooks ? &tap : nullptr;
  a.mask.causal = c_.kind == Kind::decoder;
  a.mask.past = past_;
  if (c_.windowed(l)) a.mask.left = c_.window;
  if (c_.windowed(l) && c_.kind == Kind::encoder) a.mask.right = c_.window;
  a.mask.lengths = batch_.lengths.empty() ? nullptr : batch_.lengths.data();
  if (!options_.cache) return attention(tape_, q, k, v, a);
  const Heads keys = head_major(options_.cache->keys(l)), values = head_major(options_.cache->values(l));
  append(keys, token_major(tape_.value(k)), past_);
  append(values, token_major(tape_.value(v)), past_);
  return attention(tape_, q, keys.first(past_ + T_), values.first(past_ + T_), a);
}

// A weight kept in sixteen bits, as Real for the block's lifetime; any other as it is.
Var Pass::widened(Var w) {
  if (!tape_.is_stored(w)) return w;
  const StoredView stored = tape_.stored(w);
  const View wide = tape_.scratch(stored.shape);
  widen(stored.data, stored.storage, wide.data, wide.size());
  return tape_.constant(wide);
}

// #region heads-out
// Σ_h z_h W_O^h + b_O as one product; head by head only if somebody looks at the parts.
Var Pass::heads_out(int l, Var z) {
  Var w = parameter(l, "attn.W_O");
  const Var b = parameter(l, "attn.b_O");
  const Shape out{B_, T_, c_.width};
  LinearOptions options;
  if (c_.identical_heads) options.input_heads = c_.heads;
  if (!wants(Site::result, l)) return hook(Site::attn_out, l, linear(tape_, z, w, b, B_ * T_, out, options));
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
              unchanged ? linear(tape_, from, by, b, B_ * T_, out, options) : sum_heads(tape_, result, b));
}
// #endregion heads-out

Var Pass::mlp_layer(int l, Var x) {
  const Index N = B_ * T_, M = c_.resolved_mlp_width();
  const Shape inner{B_, T_, M};
  const bool gated = c_.mlp == MlpKind::swiglu;
  const Var pre = hook(Site::mlp_pre, l,
                       linear(tape_, x, parameter(l, gated ? "mlp.W_gate" : "mlp.W_in"),
                              parameter(l, gated ? "mlp.b_gate" : "mlp.b_in"), N, inner));
  const Activation f = gated                           ? Activation::silu
                       : c_.mlp == MlpKind::relu       ? Activation::relu
                       : c_.mlp == MlpKind::gelu_exact ? Activation::gelu_exact
                                                       : Activation::gelu;
  Var post = activation(tape_, f, pre);
  if (gated)
    post =
        multiply(tape_, post, linear(tape_, x, parameter(l, "mlp.W_in"), parameter(l, "mlp.b_in"), N, inner));
  post = hook(Site::mlp_post, l, post);
  return hook(
      Site::mlp_out, l,
      linear(tape_, post, parameter(l, "mlp.W_out"), parameter(l, "mlp.b_out"), N, {B_, T_, c_.width}));
}

Var Pass::unembed(Var x) {
  LinearOptions options;
  options.transposed = c_.tied;
  const Var w = parameter(c_.tied ? "embed.W_E" : "unembed.W_U");
  return hook(Site::logits, -1,
              linear(tape_, x, w, parameter("unembed.b_U"), B_ * T_, {B_, T_, c_.vocab}, options));
}

}  // namespace

Var forward(Tape& tape, const Model& model, const TokenBatch& batch, const ForwardOptions& options) {
  return Pass(tape, model, batch, options).run();
}

}  // namespace attn
