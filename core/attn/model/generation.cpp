#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "attn/math/softmax.hpp"
#include "attn/math/vector.hpp"
#include "attn/model/transformer.hpp"

namespace attn {
namespace {

// How many of the candidates, best first, a nucleus of mass top_p keeps (Holtzman et al. 2020): the
// smallest set whose probability reaches top_p.
std::size_t nucleus(const std::vector<Real>& p, Real top_p) {
  Real mass = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    mass += p[i];
    if (mass >= top_p) return i + 1;
  }
  return p.size();
}

}  // namespace

TokenId sample(ConstView logits, const SamplingOptions& options, Rng& rng) {
  const Index vocab = logits.size();
  if (vocab < 1) throw ShapeError("sample: no logits");
  std::vector<TokenId> order(static_cast<std::size_t>(vocab));
  std::iota(order.begin(), order.end(), TokenId(0));
  // Best first; equal logits in the order of the vocabulary, so that a seed decides everything.
  // A NaN counts as -inf: unordered keys would lead the sort astray.
  const auto key = [&](TokenId t) {
    return std::isnan(logits[t]) ? -std::numeric_limits<Real>::infinity() : logits[t];
  };
  std::sort(order.begin(), order.end(),
            [&](TokenId a, TokenId b) { return key(a) != key(b) ? key(a) > key(b) : a < b; });
  // So cold, or a logit so large, that the quotient is no number: the limit of the formula is the best one.
  if (options.temperature <= 0 || !std::isfinite(key(order[0]) / options.temperature)) return order[0];
  if (options.top_k > 0 && options.top_k < vocab) order.resize(static_cast<std::size_t>(options.top_k));
  std::vector<Real> p(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) p[i] = key(order[i]) / options.temperature;
  softmax_row(p.data(), static_cast<Index>(p.size()));
  if (options.top_p < 1) p.resize(nucleus(p, options.top_p));
  double left = rng.uniform() * static_cast<double>(vec::sum(p.data(), static_cast<Index>(p.size())));
  for (std::size_t i = 0; i < p.size(); ++i) {
    left -= static_cast<double>(p[i]);
    if (left < 0) return order[i];
  }
  return order[p.size() - 1];
}

std::vector<TokenId> generate(const Model& model, const std::vector<TokenId>& prompt, Index count,
                              const SamplingOptions& options, Rng& rng) {
  if (model.config.kind != Kind::decoder || !model.config.unembed)
    throw ShapeError("only a decoder with an unembedding continues a text");
  const Index start = static_cast<Index>(prompt.size());
  const Index total = std::min(start + std::max<Index>(count, 0), model.config.context);
  std::vector<TokenId> text = prompt;
  if (start >= total) return text;
  KvCache cache(model.config, 1, total);
  ForwardOptions with_cache;
  with_cache.cache = &cache;
  Tape tape(Tape::Mode::inference);
  TokenBatch fresh{prompt, 1, start, {}, {}};
  while (static_cast<Index>(text.size()) < total) {
    tape.reset();
    if (model.config.token_types) fresh.types.assign(fresh.tokens.size(), 0);
    const ConstView logits = tape.value(forward(tape, model, fresh, with_cache));  // [1, T, V]
    const Index vocab = model.config.vocab;
    const ConstView last{logits.data + (fresh.length - 1) * vocab, Shape{vocab}};
    const TokenId next = sample(last, options, rng);
    text.push_back(next);
    fresh = TokenBatch{{next}, 1, 1, {}, {}};
  }
  return text;
}

}  // namespace attn
