// The reader's alphabet: the 32 letters а..я without ё, a token is a letter's place in it.
#pragma once

#include <string>
#include <vector>

#include "attn/base/real.hpp"

namespace cli {

inline constexpr int alphabet_size = 32;

// Letters of either case, ё read as е; anything else is a usage Failure that names it.
std::vector<attn::TokenId> letters_to_tokens(const std::string& text);
// A text with every ё, in either case, read as е: the normalisation before the tokenizer of ru-small.
std::string fold_yo(const std::string& text);
std::string tokens_to_letters(const std::vector<attn::TokenId>& tokens);

// "3,1,4" for models with another vocabulary.
std::vector<attn::TokenId> numbers_to_tokens(const std::string& text);
std::string tokens_to_numbers(const std::vector<attn::TokenId>& tokens);

}  // namespace cli
