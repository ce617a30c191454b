#include "attn/attention/attention.hpp"

#include <algorithm>
#include <limits>

#include "attn/attention/mix.hpp"
#include "attn/attention/pattern.hpp"
#include "attn/attention/scores.hpp"
#include "attn/attention/softcap.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

// One call, by value in the tape's arena.
struct Call {
  Var q, k, v, z, bias, null;  // k, v invalid: keys and values come from a cache
  ConstHeads keys, values;
  Real scale, softcap;
  KeyMask mask;
  const Index* starts;  // rows of the queries, if not all tokens have one
  View pattern;         // [B, H, T, S], or [1, 1, T, S] when nobody needs it afterwards
  View capped;          // the scores after soft-cap, kept for its backward; else empty
  bool tapped = false, scores_replaced = false, pattern_replaced = false;

  Index key_head(Index h, Index heads) const { return h / (heads / keys.heads); }
  // Queries of sequence b; T in all that follows, where only the last tokens have one.
  Index queries(Index b, Index tokens) const { return starts ? starts[b + 1] - starts[b] : tokens; }
  // One head's rows of q, z or a gradient of theirs: [T, width].
  template <class T>
  BasicMatrix<T> rows(const BasicHeads<T>& x, Index b, Index h) const {
    if (!starts) return x.matrix(b, h);
    return {x.vector(0, starts[b], h), queries(b, x.tokens), x.width, x.token_stride};
  }
  // The first T rows of a map of that head in a [B, H, ., S] tensor.
  Matrix map(const View& maps, Index b, Index h) const {
    Matrix out = map_of(maps, maps.shape[0] == 1 ? 0 : b, maps.shape[1] == 1 ? 0 : h);
    out.rows = queries(b, out.rows);
    return out;
  }
  Matrix weights(Index b, Index h) const { return map(pattern, b, h); }
  // The last tokens' queries stand after the others.
  KeyMask mask_of(Index b) const {
    KeyMask out = mask;
    if (starts) out.past += keys.tokens - queries(b, 0);
    return out;
  }
};

// One head of one sequence: what it reads, and what is kept of it.
struct Head {
  ConstMatrix q, k, v;  // [T, d], [S, d], [S, d_v]
  ConstMatrix bias;     // [T, S], or empty
  Matrix capped;        // [T, S], keeps the soft-capped scores for the backward pass, or empty
  Real scale, cap;
  KeyMask mask;
  Index sequence;
  Real null;  // the score of no key; -inf: none
  bool tapped;
};

void cap_scores(Matrix s, const Head& head) {
  softcap(s, head.cap);
  if (head.capped.data) vec::copy(s.data, head.capped.data, s.rows * s.cols);
}

// A hook may put weights where the mask forbids them, the soft-cap keeps every score for its way back, and
// the gradient of a null score reads whole rows: then nothing is known.
Causal causal(const Head& head) {
  const bool without_null = head.null == -std::numeric_limits<Real>::infinity();
  return {head.mask.causal && !head.tapped && !(head.cap > 0) && without_null, head.mask.past};
}

// #region attention-forward
// The scores of one head, [T, S].
void score(Matrix s, const Head& head) {
  qk_scores(s, head.q, head.k, head.scale, causal(head));  // S = scale · Q Kᵀ
  if (head.cap > 0) cap_scores(s, head);                   // S <- c tanh(S / c)
  if (head.bias.data) add_bias(s, head.bias);              // S <- S + B: ALiBi, T5
}

// What the head carries to each token, z: [T, d_v]; its pattern p: [T, S] takes the place of its scores.
void attend(Matrix z, Matrix p, const Head& head) {
  score(p, head);
  masked_softmax(p, p, head.mask, head.sequence, head.null);  // P = softmax(S) over the keys each query sees
  mix(z, p, head.v, causal(head));                            // Z = P V
}
// #endregion attention-forward

// A causal head sees nothing right of the diagonal. Cut into blocks of queries, each with the keys up to its
// last query, the products leave out most of what the mask would throw away. A whole map at course length.
constexpr Index query_block = 64;

struct Block {
  Index first, count, keys;  // queries [first, first + count) see keys [0, keys)
};

Block block_at(const KeyMask& mask, Index first, Index queries, Index keys) {
  const Index count = std::min(query_block, queries - first);
  return {first, count, std::min(keys, mask.past + first + count)};
}

bool in_blocks(const Head& head) {
  return head.mask.causal && head.q.rows > query_block && head.mask.past + head.q.rows == head.k.rows &&
         !(head.cap > 0) && !head.bias.data;
}

template <class T>
BasicMatrix<T> part(const BasicMatrix<T>& m, Index first, Index rows, Index cols) {
  return {m.data + first * m.row_stride, rows, cols, m.row_stride, m.col_stride};
}

Head part(const Head& head, const Block& b) {
  Head out = head;
  out.q = part(head.q, b.first, b.count, head.q.cols);
  out.k = part(head.k, 0, b.keys, head.k.cols);
  out.v = part(head.v, 0, b.keys, head.v.cols);
  out.mask.past += b.first;
  return out;
}

void attend_in_blocks(Matrix z, Matrix p, const Head& head) {
  if (!in_blocks(head)) return attend(z, p, head);
  for (Index first = 0; first < p.rows; first += query_block) {
    const Block b = block_at(head.mask, first, p.rows, p.cols);
    attend(part(z, first, b.count, z.cols), part(p, first, b.count, b.keys), part(head, b));
    for (Index i = first; i < first + b.count; ++i) std::fill(&p(i, 0) + b.keys, &p(i, 0) + p.cols, Real(0));
  }
}

[[gnu::noinline]] Head head_of(Tape& tape, const Call& c, Index b, Index h) {
  const ConstHeads q = token_major(tape.value(c.q));
  const Index g = c.key_head(h, q.heads);
  return {c.rows(q, b, h),
          c.keys.matrix(b, g),
          c.values.matrix(b, g),
          c.bias.valid() ? as_matrix(tape.value(c.bias).sub(h)) : ConstMatrix(),
          c.capped.data ? c.map(c.capped, b, h) : Matrix(),
          c.scale,
          c.softcap,
          c.mask_of(b),
          b,
          c.null.valid() ? tape.value(c.null)[h] : -std::numeric_limits<Real>::infinity(),
          c.tapped};
}

// f(z, p, head) for every head of every sequence.
template <class F>
void every_head(Tape& tape, const Call& c, F&& f) {
  const Heads z = token_major(tape.mutable_value(c.z));
  for (Index b = 0; b < c.keys.batch; ++b)
    for (Index h = 0; h < z.heads; ++h) f(c.rows(z, b, h), c.weights(b, h), head_of(tape, c, b, h));
}

// Head by head, so that a head's scores are still in the cache when they become weights.
void forward(Tape& tape, const Call& c) {
  every_head(tape, c, [](Matrix z, Matrix p, const Head& head) { attend_in_blocks(z, p, head); });
}

// The same stage by stage, with the tap between the stages: whole maps, so that beyond one block of queries a
// sum may round differently in its last bit.
void forward_tapped(Tape& tape, Call& c, const AttentionTap& tap) {
  every_head(tape, c, [](Matrix, Matrix p, const Head& head) {
    score(p, head);
    mask_scores(p, head.mask, head.sequence);
  });
  if (tap.wants(AttentionStage::scores)) c.scores_replaced = tap.visit(AttentionStage::scores, c.pattern);
  every_head(tape, c, [](Matrix, Matrix p, const Head& head) {
    masked_softmax(p, p, head.mask, head.sequence, head.null);
  });
  if (tap.wants(AttentionStage::pattern)) c.pattern_replaced = tap.visit(AttentionStage::pattern, c.pattern);
  every_head(tape, c, [](Matrix z, Matrix p, const Head& head) { mix(z, p, head.v, causal(head)); });
}

// Where the gradients of q, k and v go; heads of empty data are skipped.
struct Targets {
  Heads q, k, v;
  Store q_store, k_store, v_store;
};

Heads heads_of(const View& grad) { return grad.data ? token_major(grad) : Heads{}; }

// Query heads that share a key head add to the same gradient: only the first may overwrite.
Store shared_store(Store store, bool first) { return first ? store : Store::add; }

// Gradients of one head; empty matrices are skipped.
struct HeadTargets {
  Matrix q, k, v;
  Store q_store, k_store, v_store;
};

// The four steps of one head back. ds, p: [T, S]; dz: [T, d_v].
void backward_head(Tape& tape, const Call& c, const HeadTargets& d, Matrix ds, ConstMatrix p, ConstMatrix dz,
                   const Head& head, Index h) {
  // backward 4, Z = P V
  mix_backward(ds, d.v, d.v_store, dz, p, head.v, causal(head));
  if (c.pattern_replaced) return;
  // backward 3, P = softmax(S)
  if (tape.needs_grad(c.null)) tape.grad(c.null)[h] += null_score_backward(ds, p);
  masked_softmax_backward(ds, p, head.mask, head.sequence);
  if (c.scores_replaced) return;
  // backward 2, S <- c tanh(S / c), S <- S + B
  if (tape.needs_grad(c.bias)) add_bias(as_matrix(tape.grad(c.bias).sub(h)), ds);
  if (head.cap > 0) softcap_backward(ds, head.capped, head.cap);
  // backward 1, S = scale · Q Kᵀ
  qk_scores_backward(d.q, d.q_store, d.k, d.k_store, ds, head.q, head.k, head.scale, causal(head));
}

// The last block first: it sees every key, and so may overwrite the gradients of keys and values.
void backward_in_blocks(Tape& tape, const Call& c, HeadTargets d, Matrix ds, ConstMatrix p, ConstMatrix dz,
                        const Head& head, Index h) {
  if (!in_blocks(head)) return backward_head(tape, c, d, ds, p, dz, head, h);
  const auto rows = [](const Matrix& m, Index first, Index n) {
    return m.data ? part(m, first, n, m.cols) : m;
  };
  for (Index first = (p.rows - 1) / query_block * query_block; first >= 0; first -= query_block) {
    const Block b = block_at(head.mask, first, p.rows, p.cols);
    const HeadTargets target{rows(d.q, first, b.count),
                             rows(d.k, 0, b.keys),
                             rows(d.v, 0, b.keys),
                             d.q_store,
                             d.k_store,
                             d.v_store};
    backward_head(tape, c, target, part(ds, first, b.count, b.keys), part(p, first, b.count, b.keys),
                  part(dz, first, b.count, dz.cols), part(head, b), h);
    d.k_store = d.v_store = Store::add;
  }
}

void backward_head(Tape& tape, const Call& c, const Targets& d, Matrix ds, Index b, Index h) {
  const Head head = head_of(tape, c, b, h);
  const ConstHeads dz = token_major(ConstView(tape.grad(c.z)));
  const Index g = c.key_head(h, dz.heads);
  const bool first = h % (dz.heads / c.keys.heads) == 0;
  const auto slot = [b](const Heads& x, Index of) { return x.data ? x.matrix(b, of) : Matrix(); };
  ds.rows = c.queries(b, ds.rows);
  const HeadTargets own{d.q.data ? c.rows(d.q, b, h) : Matrix(),
                        slot(d.k, g),
                        slot(d.v, g),
                        d.q_store,
                        shared_store(d.k_store, first),
                        shared_store(d.v_store, first)};
  backward_in_blocks(tape, c, own, ds, c.weights(b, h), c.rows(dz, b, h), head, h);
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

void check(const Call& c, const Shape& q, bool tapped) {
  const ConstHeads &k = c.keys, &v = c.values;
  if (c.starts && (c.bias.valid() || tapped))
    throw ShapeError("attention: a bias or a tap wants the queries of all tokens");
  if (q.rank() == 4 && k.heads > 0 && q[2] % k.heads == 0 && q[3] == k.width &&
      (c.starts ? q[0] == 1 && q[1] == c.starts[k.batch] : q[0] == k.batch) && v.heads == k.heads &&
      v.tokens == k.tokens && v.batch == k.batch)
    return;
  throw ShapeError("attention: q " + to_string(q) + ", k " +
                   to_string(Shape{k.batch, k.tokens, k.heads, k.width}) + ", v " +
                   to_string(Shape{v.batch, v.tokens, v.heads, v.width}));
}

Var run(Tape& tape, Call c, const AttentionTap* tap) {
  const Shape q = tape.value(c.q).shape;
  c.tapped = tap && (tap->wants(AttentionStage::scores) || tap->wants(AttentionStage::pattern));
  check(c, q, c.tapped);
  if (c.bias.valid()) expect_shape("attention: bias", tape.value(c.bias).shape, {q[2], q[1], c.keys.tokens});
  c.z = tape.result({q[0], q[1], q[2], c.values.width}, tape.needs_grad(c.q) || tape.needs_grad(c.k) ||
                                                            tape.needs_grad(c.v) || tape.needs_grad(c.bias) ||
                                                            tape.needs_grad(c.null));
  const Index most = c.starts ? c.keys.tokens : q[1];  // queries of a sequence, at most
  const Shape whole{c.keys.batch, q[2], most, c.keys.tokens};
  c.pattern = tape.scratch(c.tapped || tape.training() ? whole : Shape{1, 1, most, c.keys.tokens});
  if (c.softcap > 0 && tape.training()) c.capped = tape.scratch(whole);
  if (c.tapped)
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
  c.null = options.null;
  c.scale = options.scale;
  c.softcap = options.softcap;
  c.mask = options.mask;
  c.starts = options.starts;
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
