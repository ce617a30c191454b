#include "attn/attention/attention.hpp"

#include "attn/attention/mix.hpp"
#include "attn/attention/pattern.hpp"
#include "attn/attention/scores.hpp"
#include "attn/attention/softcap.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

// One call, by value in the tape's arena.
struct Call {
  Var q, k, v, z, bias;  // k, v invalid: keys and values come from a cache
  ConstHeads keys, values;
  Real scale, softcap;
  KeyMask mask;
  View pattern;  // [B, H, T, S], or [1, 1, T, S] when nobody needs it afterwards
  View capped;   // the scores after soft-cap, kept for its backward; else empty
  bool scores_replaced = false, pattern_replaced = false;

  Index key_head(Index h, Index heads) const { return h / (heads / keys.heads); }
  Matrix weights(Index b, Index h) const {
    return map_of(pattern, pattern.shape[0] == 1 ? 0 : b, pattern.shape[1] == 1 ? 0 : h);
  }
};

ConstMatrix bias_of(Tape& tape, const Call& c, Index h) {
  return c.bias.valid() ? as_matrix(tape.value(c.bias).sub(h)) : ConstMatrix();
}

// One head of one sequence. q: [T, d], k: [S, d], v: [S, d_v], p: [T, S], z: [T, d_v].
// #region attention-forward
void score(Matrix p, ConstMatrix q, ConstMatrix k, ConstMatrix bias, Matrix capped, const Call& call) {
  qk_scores(p, q, k, call.scale);                  // S = scale · Q Kᵀ
  if (call.softcap > 0) softcap(p, call.softcap);  // S <- c tanh(S / c)
  if (capped.data) vec::copy(p.data, capped.data, p.rows * p.cols);
  if (bias.data) add_bias(p, bias);  // positions: ALiBi, T5
}

void attend(Matrix z, Matrix p, ConstMatrix q, ConstMatrix k, ConstMatrix v, ConstMatrix bias, Matrix capped,
            const Call& call, Index b) {
  score(p, q, k, bias, capped, call);
  masked_softmax(p, p, call.mask, b);  // P = softmax(S over the keys each query sees)
  mix(z, p, v);                        // Z = P V
}
// #endregion attention-forward

Matrix capped_of(const Call& c, Index b, Index h) {
  return c.capped.data ? map_of(c.capped, b, h) : Matrix();
}

// Head by head, so that a head's scores are still in the cache when they become weights.
void forward(Tape& tape, const Call& c) {
  const ConstHeads q = token_major(tape.value(c.q));
  const Heads z = token_major(tape.mutable_value(c.z));
  for (Index b = 0; b < q.batch; ++b)
    for (Index h = 0; h < q.heads; ++h) {
      const Index g = c.key_head(h, q.heads);
      attend(z.matrix(b, h), c.weights(b, h), q.matrix(b, h), c.keys.matrix(b, g), c.values.matrix(b, g),
             bias_of(tape, c, h), capped_of(c, b, h), c, b);
    }
}

// The same numbers stage by stage, with the tap between the stages.
void forward_tapped(Tape& tape, Call& c, const AttentionTap& tap) {
  const ConstHeads q = token_major(tape.value(c.q));
  const Heads z = token_major(tape.mutable_value(c.z));
  const auto every_head = [&](auto&& f) {
    for (Index b = 0; b < q.batch; ++b)
      for (Index h = 0; h < q.heads; ++h) f(b, h, c.key_head(h, q.heads));
  };
  every_head([&](Index b, Index h, Index g) {
    score(c.weights(b, h), q.matrix(b, h), c.keys.matrix(b, g), bias_of(tape, c, h), capped_of(c, b, h), c);
    mask_scores(c.weights(b, h), c.mask, b);
  });
  if (tap.wants(AttentionStage::scores)) c.scores_replaced = tap.visit(AttentionStage::scores, c.pattern);
  every_head([&](Index b, Index h, Index) { masked_softmax(c.weights(b, h), c.weights(b, h), c.mask, b); });
  if (tap.wants(AttentionStage::pattern)) c.pattern_replaced = tap.visit(AttentionStage::pattern, c.pattern);
  every_head([&](Index b, Index h, Index g) { mix(z.matrix(b, h), c.weights(b, h), c.values.matrix(b, g)); });
}

// Where the gradients of q, k and v go; heads of empty data are skipped.
struct Targets {
  Heads q, k, v;
  Store q_store, k_store, v_store;
};

Heads heads_of(const View& grad) { return grad.data ? token_major(grad) : Heads{}; }

// Query heads that share a key head add to the same gradient: only the first may overwrite.
Store shared_store(Store store, bool first) { return first ? store : Store::add; }

void backward_head(Tape& tape, const Call& c, const Targets& d, Matrix ds, Index b, Index h) {
  const ConstHeads q = token_major(tape.value(c.q)), dz = token_major(ConstView(tape.grad(c.z)));
  const Index g = c.key_head(h, q.heads);
  const bool first = h % (q.heads / c.keys.heads) == 0;
  const auto slot = [&](const Heads& x, Index head) { return x.data ? x.matrix(b, head) : Matrix(); };
  // backward 4, Z = P V
  mix_backward(ds, slot(d.v, g), shared_store(d.v_store, first), dz.matrix(b, h), c.weights(b, h),
               c.values.matrix(b, g));
  if (c.pattern_replaced) return;
  // backward 3, P = softmax(S)
  masked_softmax_backward(ds, c.weights(b, h), c.mask, b);
  if (c.scores_replaced) return;
  // backward 2, S <- S + bias, S <- c tanh(S / c)
  if (tape.needs_grad(c.bias)) add_bias(as_matrix(tape.grad(c.bias).sub(h)), ds);
  if (c.softcap > 0) softcap_backward(ds, map_of(c.capped, b, h), c.softcap);
  // backward 1, S = scale · Q Kᵀ
  qk_scores_backward(slot(d.q, h), d.q_store, slot(d.k, g), shared_store(d.k_store, first), ds,
                     q.matrix(b, h), c.keys.matrix(b, g), c.scale);
}

void backward(Tape& tape, const Call& c) {
  const bool to_scores = !c.pattern_replaced && !c.scores_replaced;
  const Tape::GradTarget none{View{}, Store::add};
  const Tape::GradTarget dq = to_scores ? tape.grad_target(c.q) : none;
  const Tape::GradTarget dk = to_scores ? tape.grad_target(c.k) : none;
  const Tape::GradTarget dv = tape.grad_target(c.v);
  const Targets d{heads_of(dq.grad), heads_of(dk.grad), heads_of(dv.grad), dq.store, dk.store, dv.store};
  const Shape p = c.pattern.shape;
  const View ds = tape.scratch({p[2], p[3]});  // one head's dP, then dS: stays in the cache
  for (Index b = 0; b < p[0]; ++b)
    for (Index h = 0; h < p[1]; ++h) backward_head(tape, c, d, as_matrix(ds), b, h);
}

void check(const Shape& q, const ConstHeads& k, const ConstHeads& v) {
  if (q.rank() == 4 && k.heads > 0 && q[2] % k.heads == 0 && q[3] == k.width && q[0] == k.batch &&
      v.heads == k.heads && v.tokens == k.tokens && v.batch == k.batch)
    return;
  throw ShapeError("attention: q " + to_string(q) + ", k " +
                   to_string(Shape{k.batch, k.tokens, k.heads, k.width}) + ", v " +
                   to_string(Shape{v.batch, v.tokens, v.heads, v.width}));
}

Var run(Tape& tape, Call c, const AttentionTap* tap) {
  const Shape q = tape.value(c.q).shape;
  check(q, c.keys, c.values);
  c.z = tape.result({q[0], q[1], q[2], c.values.width}, tape.needs_grad(c.q) || tape.needs_grad(c.k) ||
                                                            tape.needs_grad(c.v) || tape.needs_grad(c.bias));
  const bool tapped = tap && (tap->wants(AttentionStage::scores) || tap->wants(AttentionStage::pattern));
  const Shape whole{q[0], q[2], q[1], c.keys.tokens};
  c.pattern = tape.scratch(tapped || tape.training() ? whole : Shape{1, 1, q[1], c.keys.tokens});
  if (c.softcap > 0 && tape.training()) c.capped = tape.scratch(whole);
  if (tapped)
    forward_tapped(tape, c, *tap);
  else
    forward(tape, c);
  tape.on_backward(c.z, [c](Tape& t) { backward(t, c); });
  return c.z;
}

Call make_call(Var q, ConstHeads k, ConstHeads v, const AttentionOptions& options) {
  Call c{};
  c.q = q;
  c.keys = k;
  c.values = v;
  c.bias = options.bias;
  c.scale = options.scale;
  c.softcap = options.softcap;
  c.mask = options.mask;
  return c;
}

}  // namespace

Var attention(Tape& tape, Var q, Var k, Var v, const AttentionOptions& options) {
  Call c = make_call(q, token_major(tape.value(k)), token_major(tape.value(v)), options);
  c.k = k;
  c.v = v;
  return run(tape, c, options.tap);
}

Var attention(Tape& tape, Var q, ConstHeads k, ConstHeads v, const AttentionOptions& options) {
  return run(tape, make_call(q, k, v, options), options.tap);
}

}  // namespace attn
