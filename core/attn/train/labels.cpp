// Tasks that one attention layer can solve: the answer at position t is a label about the sequence, not the
// next token. Five about the past (chapters 2 and 8), each made so that one named pattern of attention
// suffices; two about a partner anywhere (chapter 4), which differ only in whether the relation is symmetric.
#include <algorithm>

#include "attn/train/sequences.hpp"

namespace attn {

namespace {

void fill(const Sequence& out, Index low, Index count, Rng& rng) {
  for (Index t = 0; t <= out.length; ++t) out.tokens[t] = static_cast<TokenId>(low + rng.below(count));
}

void ask(const Sequence& out, Index t, TokenId label, Index match) {
  out.targets[t] = label;
  out.weights[t] = 1;
  out.match[t] = match;
}

// P(i) proportional to 1 / (i + 1): token 0 is the most frequent, V - 1 the rarest.
TokenId draw_zipf(Index vocab, Rng& rng) {
  double total = 0;
  for (Index i = 0; i < vocab; ++i) total += 1.0 / static_cast<double>(i + 1);
  double rest = rng.uniform() * total;
  for (Index i = 0; i + 1 < vocab; ++i) {
    rest -= 1.0 / static_cast<double>(i + 1);
    if (rest < 0) return static_cast<TokenId>(i);
  }
  return static_cast<TokenId>(vocab - 1);
}

}  // namespace

// #region label-tasks
// The token before this one; asked from t = 1 on.
void make_previous(const TaskConfig& c, Rng& rng, const Sequence& out) {
  fill(out, 0, c.vocab, rng);
  for (Index t = 1; t < out.length; ++t) ask(out, t, out.tokens[t - 1], t - 1);
}

// The rarest token so far, rarity being a property of the language, not of the sequence.
void make_rarest(const TaskConfig& c, Rng& rng, const Sequence& out) {
  Index rarest = 0;  // its latest place
  for (Index t = 0; t <= out.length; ++t) {
    out.tokens[t] = draw_zipf(c.vocab, rng);
    if (out.tokens[t] >= out.tokens[rarest]) rarest = t;
    if (t < out.length) ask(out, t, out.tokens[rarest], rarest);
  }
}

// At the pronoun V - 1: the latest name before it. Names are the lower third of the alphabet; a place is the
// pronoun or a name with probability 1/4 each.
void make_last_name(const TaskConfig& c, Rng& rng, const Sequence& out) {
  const TokenId pronoun = static_cast<TokenId>(c.vocab - 1);
  const Index names = c.vocab / 3, others = c.vocab - 1 - names;
  Index latest = -1;
  for (Index t = 0; t <= out.length; ++t) {
    const Index kind = rng.below(4);
    out.tokens[t] = kind == 0   ? pronoun
                    : kind == 1 ? static_cast<TokenId>(rng.below(names))
                                : static_cast<TokenId>(names + rng.below(others));
    if (kind == 1) latest = t;
    if (kind == 0 && latest >= 0 && t < out.length) ask(out, t, out.tokens[latest], latest);
  }
}

// Has this token been here before? Label 1 or 0; asked from t = 1 on.
void make_seen(const TaskConfig& c, Rng& rng, const Sequence& out) {
  fill(out, 0, c.vocab, rng);
  for (Index t = 1; t < out.length; ++t) {
    Index earlier = t - 1;
    while (earlier >= 0 && out.tokens[earlier] != out.tokens[t]) --earlier;
    ask(out, t, earlier >= 0 ? 1 : 0, earlier);
  }
}
// #endregion

Index digit_base(Index vocab, Index places) {
  for (Index base = 2; base <= vocab; ++base) {
    Index power = 1;
    for (Index j = 0; j < places && power <= vocab; ++j) power *= base;
    if (power == vocab) return base;
    if (power > vocab) break;
  }
  return 0;
}

// #region gather-task
// A token is a number of m digits. The answer takes its leading digit from the token before this one, the
// next digit from the token before that, and so on: always one token, gathered from m places.
void make_gather(const TaskConfig& c, Rng& rng, const Sequence& out) {
  const Index base = digit_base(c.vocab, c.places);
  fill(out, 0, c.vocab, rng);
  for (Index t = c.places; t < out.length; ++t) {
    Index answer = 0, unit = c.vocab / base;  // of the digit that is being taken
    for (Index j = 0; j < c.places; ++j, unit /= base) answer += out.tokens[t - 1 - j] / unit % base * unit;
    ask(out, t, static_cast<TokenId>(answer), t - 1);
  }
}
// #endregion

// #region partner-tasks
// T tokens, one of each of T types, in random order; token = type · C + content with C = V / T contents.
// Every place asks for the content of its type's partner: the next type around the cycle, or the other of its
// pair.
void make_partners(const TaskConfig& c, Rng& rng, TaskScratch& scratch, const Sequence& out) {
  const Index types = c.length, contents = c.vocab / types;
  const TokenId* type = draw_distinct(types, types, rng, scratch.alphabet);
  for (Index t = 0; t < types; ++t)
    out.tokens[t] = static_cast<TokenId>(type[t] * contents + rng.below(contents));
  out.tokens[types] = 0;  // nothing follows
  for (Index t = 0; t < types; ++t) {
    const Index partner = c.kind == TaskKind::cycle ? (type[t] + 1) % types : type[t] ^ 1;
    const Index match = std::find(type, type + types, static_cast<TokenId>(partner)) - type;
    ask(out, t, static_cast<TokenId>(out.tokens[match] % contents), match);
  }
}
// #endregion

}  // namespace attn
