// Labelled text as tokens of a model: through its tokenizer, or letter by letter for the course's
// small models, whose vocabulary is the alphabet.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attn/analysis/head_roles.hpp"
#include "attn/text/labelled.hpp"
#include "attn/text/tokenizer.hpp"

namespace cli {

struct TokenisedPassage {
  std::vector<attn::TokenId> ids;
  attn::WordLayout layout;  // of `ids`
};

class TextTokens {
 public:
  // `path`: tokenizer.json, or "" for the alphabet. A Failure when it does not fit the model.
  TextTokens(const std::string& path, const attn::ModelConfig& model);
  // With a tokenizer the document separator stands first, as in training.
  TokenisedPassage operator()(const attn::text::Passage& passage) const;

 private:
  std::optional<attn::text::Tokenizer> tokenizer_;
};

}  // namespace cli
