#include "attn/model/transformer.hpp"

#include "attn/attention/bias.hpp"
#include "attn/attention/rotary.hpp"
#include "attn/math/vector.hpp"
#include "attn/model/forward_pass.hpp"
#include "attn/ops/activation.hpp"
#include "attn/ops/elementwise.hpp"
#include "attn/ops/embedding.hpp"
#include "attn/ops/linear.hpp"
#include "attn/ops/norm.hpp"
#include "attn/ops/table_rows.hpp"
#include "attn/ops/tails.hpp"

namespace attn {

Var ForwardPass::hook(Site site, int l, Var v) {
  if (options_.hooks && options_.hooks->wants({site, l}) &&
      options_.hooks->run({site, l}, tape_.mutable_value(v)))
    tape_.detach(v);  // what replaced it does not come from what came before
  return watches({site, l}) ? watch({site, l}, v) : v;
}

bool ForwardPass::watches(HookPoint point) const {
  if (!options_.watched) return false;
  for (const WatchedValue& w : *options_.watched)
    if (w.point == point) return true;
  return false;
}

// A value without a gradient is copied, so that the gradient begins here even where a hook cut it off.
Var ForwardPass::watch(HookPoint point, Var v) {
  if (!tape_.needs_grad(v)) v = copy(tape_, v);
  tape_.watch(v);
  for (WatchedValue& w : *options_.watched)
    if (w.point == point) w.value = v;
  return v;
}

Var ForwardPass::parameter(std::string_view name) {
  const ParameterInfo* info = model_.parameters.find(name);
  if (!info) return Var{};
  if (info->storage != Storage::real) return tape_.stored_parameter(model_.parameters.stored(*info));
  const ConstView value{model_.parameters.flat().data + info->offset, info->shape};
  Parameters* gradients = options_.gradients;
  return tape_.parameter(value,
                         gradients ? View{gradients->flat().data + info->offset, info->shape} : View{});
}

Var ForwardPass::parameter(int l, std::string_view name) { return parameter(in_block(l, name)); }

void ForwardPass::check() const {
  const Status tokens = check_tokens(c_, batch_, past_);
  if (!tokens.ok()) throw ShapeError(tokens.error().message);
  if (options_.gradients && options_.gradients->size() != model_.parameters.size())
    throw ShapeError("the gradients belong to a model of " + std::to_string(options_.gradients->size()) +
                     " parameters, this one has " + std::to_string(model_.parameters.size()));
  if (options_.watched) check_watched(*options_.watched);
  if (options_.tails && (!takes_tails(c_) || needs_all_rows()))
    throw ShapeError("this pass needs the rows of all tokens");
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

void ForwardPass::check_watched(const std::vector<WatchedValue>& watched) const {
  if (!tape_.training()) throw ShapeError("gradients of activations need a training tape");
  for (const WatchedValue& w : watched)
    if (w.point.site == Site::attn_scores || w.point.site == Site::pattern || w.point.site == Site::result)
      throw ShapeError("no gradient is kept at " + to_string(w.point));
}

Var ForwardPass::run() {
  check();
  prepare_positions();
  Var x = blocks(embed());  // [B, T, D]
  if (c_.has_final_norm()) x = hook(Site::final_norm, -1, normalise(-1, "ln_final", x));
  if (options_.cache) options_.cache->advance(T_);
  return c_.unembed ? unembed(x) : x;
}

Var ForwardPass::embed() {
  Var x = hook(Site::embed, -1, embedding(tape_, parameter("embed.W_E"), batch_.tokens.data(), B_, T_));
  if (c_.token_types)
    x = add(tape_, x, embedding(tape_, parameter("type_embed.W_type"), batch_.types.data(), B_, T_));
  x = positions(x);
  return c_.embed_norm ? normalise(-1, "embed_norm", x) : x;
}

Var ForwardPass::positions(Var x) {
  if (c_.position == PositionKind::learned) {
    places_ = slice_rows(tape_, parameter("pos_embed.W_pos"), past_, T_);
  } else if (c_.position == PositionKind::sinusoidal) {
    const View table = tape_.scratch({T_, c_.width});
    sinusoidal_table(table, past_);
    places_ = tape_.constant(table);
  } else {
    return x;
  }
  if (!wants(Site::pos_embed, -1)) return add_rows(tape_, x, places_);
  return add(tape_, x, hook(Site::pos_embed, -1, repeat_rows(tape_, places_, B_)));
}

void ForwardPass::prepare_positions() {
  if (c_.position == PositionKind::rope) {
    const Shape table{T_, c_.resolved_rope_width() / 2};
    cosine_ = tape_.scratch(table);
    sine_ = tape_.scratch(table);
    rotary_table(cosine_, sine_, past_, c_.rotary_ladder());
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
Var ForwardPass::blocks(Var x) {
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
Var ForwardPass::block(int l, Var x) {
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

// The rows of [B, T, D] that the last layer answers for, where not all logits are wanted.
Var ForwardPass::asked(int l, Var x) {
  return options_.tails && l == c_.layers - 1 ? tails(tape_, x, options_.tails) : x;
}

// What a layer reads: N(x) in a pre-norm model, else the stream itself; the factor of N(x) before tables.
Var ForwardPass::read(Site site, int l, const char* norm, Var x) {
  if (tables_ && l == 0 && site == Site::attn_in) return rms_factor(tape_, x, c_.norm_epsilon);
  if (c_.norm == NormPlacement::pre) return hook(site, l, normalise(l, norm, x));
  // A hook must not reach the stream through what the layer reads.
  return wants(site, l) ? hook(site, l, copy(tape_, x)) : x;
}

// The stream after a layer: x + f, or N(x + f) in a post-norm model (Vaswani et al. 2017, section 3.1).
Var ForwardPass::write(int l, const char* norm, Var x, Var update) {
  if (tape_.value(x).shape != tape_.value(update).shape) x = asked(l, x);
  x = add(tape_, x, update);
  return c_.norm == NormPlacement::post ? normalise(l, norm, x) : x;
}

Var ForwardPass::normalise(int l, const char* name, Var x) {
  const Var gain = parameter(in_block(l, name) << ".w");
  if (c_.norm_kind == NormKind::rms_norm) return rms_norm(tape_, x, gain, c_.norm_epsilon);
  return layer_norm(tape_, x, gain, parameter(in_block(l, name) << ".b"), c_.norm_epsilon);
}

Var ForwardPass::mlp_layer(int l, Var x) {
  const Shape in = tape_.value(x).shape;  // [B, T, D], or the rows that are asked for
  const Index N = in[0] * in[1], M = c_.resolved_mlp_width();
  const Shape inner{in[0], in[1], M};
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
  return hook(Site::mlp_out, l,
              linear(tape_, post, parameter(l, "mlp.W_out"), parameter(l, "mlp.b_out"), N, in));
}

Var ForwardPass::unembed(Var x) {
  LinearOptions options;
  options.transposed = c_.tied;
  const Var w = parameter(c_.tied ? "embed.W_E" : "unembed.W_U");
  const Shape in = tape_.value(x).shape;
  return hook(
      Site::logits, -1,
      linear(tape_, x, w, parameter("unembed.b_U"), in[0] * in[1], {in[0], in[1], c_.vocab}, options));
}

bool takes_tails(const ModelConfig& config) {
  return config.layers > 0 && config.position != PositionKind::rope &&
         config.position != PositionKind::alibi && config.position != PositionKind::t5;
}

bool takes_tables(const ModelConfig& c, const TokenBatch& batch) {
  // One layer is the last as well, whose queries `tails` may leave out.
  const bool plain = c.norm == NormPlacement::pre && c.norm_kind == NormKind::rms_norm && !c.norm_gain &&
                     !c.embed_norm && !c.token_types && !c.token_gates && !c.qkv_bias;
  return c.layers > 1 && plain &&
         2 * (c.vocab + (c.adds_positions() ? batch.length : 0)) <= batch.batch * batch.length;
}

Var forward(Tape& tape, const Model& model, const TokenBatch& batch, const ForwardOptions& options) {
  return ForwardPass(tape, model, batch, options).run();
}

}  // namespace attn
