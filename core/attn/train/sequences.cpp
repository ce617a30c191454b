#include "attn/train/sequences.hpp"

#include <algorithm>

namespace attn {

namespace {

TokenId any_token(Index vocab, Rng& rng) { return static_cast<TokenId>(rng.below(vocab)); }

Index draw_segment_length(const TaskConfig& c, Rng& rng) {
  return c.segment_min + rng.below(c.segment_max - c.segment_min + 1);
}

void count_position(const Sequence& out, Index t, Index match) {
  out.weights[t] = 1;
  out.match[t] = match;
}

// A segment of S tokens, again and again. From t = S on, x_t = x_{t-S}: the pair (x_t, x_{t+1})
// has been seen. The token at S itself is not counted: where the segment ends cannot be known.
void make_tiled(const TaskConfig& c, Rng& rng, TaskScratch& scratch, const Sequence& out) {
  const Index T = out.length;
  const Index S = c.fixed_offset ? (c.segment_min + c.segment_max) / 2 : draw_segment_length(c, rng);
  const TokenId* distinct = c.distinct ? draw_distinct(c.vocab, S, rng, scratch.alphabet) : nullptr;
  for (Index t = 0; t <= T; ++t)
    out.tokens[t] = t >= S ? out.tokens[t - S] : distinct ? distinct[t] : any_token(c.vocab, rng);
  for (Index t = S; t < T; ++t) count_position(out, t, t - S);
}

// Random filler with a segment of S tokens at p1 and again at p2 >= p1 + S, both inside the T
// inputs. Counted: t in [p2, p2 + S - 2], where x_{t+1} = x_{t+1-(p2-p1)}.
void make_placed(const TaskConfig& c, Rng& rng, TaskScratch& scratch, const Sequence& out) {
  const Index T = out.length;
  const Index S = draw_segment_length(c, rng);
  const Index lag = T / 2;
  const Index p1 = rng.below(c.fixed_offset ? T - S - lag + 1 : T - 2 * S + 1);
  const Index p2 = c.fixed_offset ? p1 + lag : p1 + S + rng.below(T - 2 * S - p1 + 1);

  const TokenId* distinct = c.distinct ? draw_distinct(c.vocab, T + 1 - S, rng, scratch.alphabet) : nullptr;
  for (Index t = 0; t <= T; ++t) {
    if (t >= p2 && t < p2 + S)
      out.tokens[t] = out.tokens[t - (p2 - p1)];
    else
      out.tokens[t] = distinct ? *distinct++ : any_token(c.vocab, rng);
  }
  for (Index t = p2; t + 1 < p2 + S; ++t) count_position(out, t, t - (p2 - p1));
}

}  // namespace

const TokenId* draw_distinct(Index vocab, Index count, Rng& rng, std::vector<TokenId>& alphabet) {
  alphabet.resize(static_cast<std::size_t>(vocab));
  for (Index i = 0; i < vocab; ++i) alphabet[static_cast<std::size_t>(i)] = static_cast<TokenId>(i);
  for (Index i = 0; i < count; ++i)
    std::swap(alphabet[static_cast<std::size_t>(i)],
              alphabet[static_cast<std::size_t>(i + rng.below(vocab - i))]);
  return alphabet.data();
}

void make_repeat(const TaskConfig& c, Rng& rng, TaskScratch& scratch, const Sequence& out) {
  if (c.tiled)
    make_tiled(c, rng, scratch, out);
  else
    make_placed(c, rng, scratch, out);
}

// S tokens, the separator V - 1, the S tokens again, separators to the end. Counted: the S
// positions whose target is a copied token; the first of them follows the separator, which has
// no earlier occurrence to match.
void make_copy(const TaskConfig& c, Rng& rng, TaskScratch& scratch, const Sequence& out) {
  const Index S = draw_segment_length(c, rng);
  const TokenId separator = static_cast<TokenId>(c.vocab - 1);
  const TokenId* distinct = c.distinct ? draw_distinct(c.vocab - 1, S, rng, scratch.alphabet) : nullptr;
  std::fill_n(out.tokens, out.length + 1, separator);
  for (Index t = 0; t < S; ++t)
    out.tokens[t] = out.tokens[S + 1 + t] = distinct ? distinct[t] : any_token(c.vocab - 1, rng);
  for (Index t = S; t < 2 * S; ++t) count_position(out, t, t == S ? -1 : t - S - 1);
}

// P pairs "key value", then keys to be answered. Keys are the lower half of the alphabet, all
// different; values the upper half. Counted: the asked keys.
void make_recall(const TaskConfig& c, Rng& rng, TaskScratch& scratch, const Sequence& out) {
  const Index keys = c.vocab / 2, T = out.length;
  const TokenId* key = draw_distinct(keys, c.pairs, rng, scratch.alphabet);
  for (Index i = 0; i < c.pairs; ++i) {
    out.tokens[2 * i] = key[i];
    out.tokens[2 * i + 1] = static_cast<TokenId>(keys + rng.below(c.vocab - keys));
  }
  for (Index t = 2 * c.pairs; t <= T; t += 2) {
    const Index asked = rng.below(c.pairs);
    out.tokens[t] = key[asked];
    if (t == T) break;
    out.tokens[t + 1] = out.tokens[2 * asked + 1];
    count_position(out, t, 2 * asked);
  }
}

void make_uniform(const TaskConfig& c, Rng& rng, const Sequence& out) {
  for (Index t = 0; t <= out.length; ++t) out.tokens[t] = any_token(c.vocab, rng);
  std::fill_n(out.weights, out.length, Real(1));
}

void make_sequence(const TaskConfig& c, Rng& rng, TaskScratch& scratch, const Sequence& out) {
  switch (c.kind) {
    case TaskKind::repeat: return make_repeat(c, rng, scratch, out);
    case TaskKind::copy: return make_copy(c, rng, scratch, out);
    case TaskKind::recall: return make_recall(c, rng, scratch, out);
    case TaskKind::markov: return make_markov(c, rng, scratch, out);
    case TaskKind::ngram: return make_ngram(c, rng, scratch, out);
    case TaskKind::backcopy: return make_backcopy(c, rng, scratch, out);
    case TaskKind::uniform: return make_uniform(c, rng, out);
    case TaskKind::previous: return make_previous(c, rng, out);
    case TaskKind::rarest: return make_rarest(c, rng, out);
    case TaskKind::last_name: return make_last_name(c, rng, out);
    case TaskKind::seen: return make_seen(c, rng, out);
    case TaskKind::gather: return make_gather(c, rng, out);
    case TaskKind::cycle:
    case TaskKind::swap: return make_partners(c, rng, scratch, out);
  }
}

}  // namespace attn
