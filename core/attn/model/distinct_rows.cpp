#include "attn/model/distinct_rows.hpp"

#include "attn/model/transformer.hpp"

namespace attn {

bool DistinctRows::take(const ModelConfig& config, const TokenBatch& batch) {
  const bool places = config.adds_positions();
  const Index T = places ? batch.length : 1, count = static_cast<Index>(batch.tokens.size());
  // One layer is the last as well, whose queries `tails` may leave out; token types and gates want the
  // stream's own rows. A table much larger than the batch has few tokens that meet again.
  if (config.layers < 2 || config.token_types || config.token_gates || config.vocab > 8 * count / T)
    return false;
  tokens.clear();
  positions.clear();
  which.clear();
  seen_.assign(static_cast<std::size_t>(config.vocab * T), 0);
  for (Index i = 0; i < count; ++i) {
    const TokenId token = batch.tokens[static_cast<std::size_t>(i)];
    if (token < 0 || token >= config.vocab) return false;  // forward() says so
    const Index place = i % T;
    TokenId& row = seen_[static_cast<std::size_t>(token * T + place)];
    if (row == 0) {
      tokens.push_back(token);
      positions.push_back(static_cast<TokenId>(place));
      row = static_cast<TokenId>(tokens.size());
    }
    which.push_back(row - 1);
  }
  return 5 * static_cast<Index>(tokens.size()) <= 4 * count;
}

}  // namespace attn
