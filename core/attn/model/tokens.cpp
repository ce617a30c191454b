#include "attn/model/transformer.hpp"

namespace attn {
namespace {

Error bad(ErrorCode code, std::string message) { return Error{code, std::move(message)}; }

Status check_each(const std::vector<TokenId>& tokens, Index length, Index limit, const char* what,
                  const char* where) {
  for (std::size_t i = 0; i < tokens.size(); ++i)
    if (tokens[i] < 0 || tokens[i] >= limit)
      return bad(ErrorCode::out_of_range, std::string(what) + " " + std::to_string(tokens[i]) +
                                              " at position " +
                                              std::to_string(static_cast<Index>(i) % length) +
                                              " is outside the " + where + " of " + std::to_string(limit));
  return Unit{};
}

}  // namespace

Status check_tokens(const ModelConfig& config, const TokenBatch& batch, Index past) {
  const Index count = static_cast<Index>(batch.tokens.size());
  if (batch.batch < 1 || batch.length < 1)
    return bad(ErrorCode::out_of_range, "an empty batch: at least one token is needed");
  if (count != batch.batch * batch.length)
    return bad(ErrorCode::mismatch, std::to_string(count) + " tokens do not make " +
                                        std::to_string(batch.batch) + " sequences of " +
                                        std::to_string(batch.length));
  if (past + batch.length > config.context)
    return bad(ErrorCode::out_of_range, std::to_string(past + batch.length) +
                                            " tokens, the model's context is " +
                                            std::to_string(config.context));
  Status tokens = check_each(batch.tokens, batch.length, config.vocab, "token", "vocabulary");
  if (!tokens.ok()) return tokens;
  if (config.token_types) {
    if (static_cast<Index>(batch.types.size()) != count)
      return bad(ErrorCode::mismatch, "the model needs one token type per token: " + std::to_string(count) +
                                          ", got " + std::to_string(batch.types.size()));
    Status types = check_each(batch.types, batch.length, config.token_types, "token type", "types");
    if (!types.ok()) return types;
  }
  if (!batch.lengths.empty() && static_cast<Index>(batch.lengths.size()) != batch.batch)
    return bad(ErrorCode::mismatch, std::to_string(batch.lengths.size()) + " lengths for " +
                                        std::to_string(batch.batch) + " sequences");
  for (Index n : batch.lengths)
    if (n < 0 || n > batch.length)
      return bad(ErrorCode::out_of_range, "a sequence of " + std::to_string(n) +
                                              " tokens in a batch of length " + std::to_string(batch.length));
  return Unit{};
}

}  // namespace attn
