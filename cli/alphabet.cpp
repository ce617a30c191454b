#include "cli/alphabet.hpp"

#include <charconv>

#include "attn/io/utf8.hpp"
#include "cli/command.hpp"

namespace cli {

namespace {

// Unicode has the alphabet in order: U+0410..U+042F capitals, U+0430..U+044F small; yo stands apart.
constexpr std::uint32_t capital_a = 0x410, small_a = 0x430, capital_yo = 0x401, small_yo = 0x451,
                        small_e = 0x435;

}  // namespace

std::vector<attn::TokenId> letters_to_tokens(const std::string& text) {
  std::vector<attn::TokenId> tokens;
  for (std::size_t at = 0; at < text.size();) {
    const attn::io::CodePoint c = attn::io::decode_utf8(text, at);
    if (c.length == 0) throw Failure(usage, "the prompt is not valid UTF-8");
    std::uint32_t letter = c.value;
    if (letter == capital_yo || letter == small_yo) letter = small_e;
    if (letter >= capital_a && letter < small_a) letter += small_a - capital_a;
    if (letter < small_a || letter >= small_a + alphabet_size)
      throw Failure(usage, "\"" + text.substr(at, static_cast<std::size_t>(c.length)) +
                               "\" in the prompt is not one of the 32 letters of the alphabet");
    tokens.push_back(static_cast<attn::TokenId>(letter - small_a));
    at += static_cast<std::size_t>(c.length);
  }
  return tokens;
}

std::string fold_yo(const std::string& text) {
  std::string out = text;
  const std::pair<const char*, const char*> folds[] = {{"\u0451", "\u0435"}, {"\u0401", "\u0415"}};
  for (const auto& fold : folds)
    for (std::size_t at = out.find(fold.first); at != std::string::npos; at = out.find(fold.first, at))
      out.replace(at, 2, fold.second);
  return out;
}

std::string tokens_to_letters(const std::vector<attn::TokenId>& tokens) {
  std::string text;
  for (const attn::TokenId t : tokens) attn::io::append_utf8(text, small_a + static_cast<std::uint32_t>(t));
  return text;
}

std::vector<attn::TokenId> numbers_to_tokens(const std::string& text) {
  std::vector<attn::TokenId> tokens;
  const char *at = text.data(), *end = at + text.size();
  while (at < end) {
    attn::TokenId value = 0;
    const auto parsed = std::from_chars(at, end, value);
    if (parsed.ec != std::errc() || (parsed.ptr != end && *parsed.ptr != ','))
      throw Failure(usage, "--tokens " + text + ": expected numbers between commas, such as 3,1,4");
    tokens.push_back(value);
    at = parsed.ptr == end ? end : parsed.ptr + 1;
  }
  return tokens;
}

std::string tokens_to_numbers(const std::vector<attn::TokenId>& tokens) {
  std::string text;
  for (const attn::TokenId t : tokens) text += (text.empty() ? "" : ",") + std::to_string(t);
  return text;
}

}  // namespace cli
