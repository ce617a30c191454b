// NAME.tokens with NAME.json beside it, as `attn tokenizer pack` writes them.
#pragma once

#include <string>
#include <vector>

#include "attn/base/real.hpp"

namespace cli {

struct TokenFile {
  std::vector<attn::TokenId> tokens;
  attn::Index vocab = 0, characters = 0,
              bytes = 0;  // characters and bytes of the text, separators not counted
};

TokenFile read_token_file(const std::string& path);

}  // namespace cli
