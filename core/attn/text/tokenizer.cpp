#include "attn/text/tokenizer.hpp"

#include <algorithm>

#include "attn/io/utf8.hpp"

namespace attn::text {

namespace {

Error malformed(std::string message) { return {ErrorCode::malformed, "tokenizer: " + std::move(message)}; }

bool is_scalar_value(std::uint32_t c) { return c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF); }

}  // namespace

Result<Tokenizer> Tokenizer::create(const std::vector<std::uint32_t>& alphabet) {
  Tokenizer t;
  t.tokens_.emplace_back();
  for (int byte = 0; byte < 256; ++byte) t.tokens_.emplace_back(1, static_cast<char>(byte));
  for (TokenId i = 0; i < first_character; ++i) t.ids_[t.name(i)] = i;
  if (alphabet.size() > max_vocab - t.tokens_.size()) return malformed("more than 65536 tokens");
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    if (!is_scalar_value(alphabet[i])) return malformed("the alphabet holds a value that is no character");
    if (i > 0 && alphabet[i] <= alphabet[i - 1])
      return malformed("the alphabet is not in the order of its code points");
    const auto id = static_cast<TokenId>(t.tokens_.size());
    t.tokens_.emplace_back();
    io::append_utf8(t.tokens_.back(), alphabet[i]);
    t.characters_[alphabet[i]] = id;
    t.ids_[t.tokens_.back()] = id;
  }
  return t;
}

Result<TokenId> Tokenizer::add(Merge merge) {
  const std::string where = "merge " + std::to_string(merges_.size()) + " ";
  for (const TokenId part : {merge.left, merge.right})
    if (part < first_character || part >= static_cast<TokenId>(tokens_.size()))
      return malformed(where + "joins something that is no character and no earlier merge");
  std::string joined = bytes(merge.left) + bytes(merge.right);
  if (joined.size() > max_token_bytes) return malformed(where + "makes a token of more than 256 bytes");
  const auto known = ids_.find(joined);
  if (known != ids_.end() && known->second < first_character)
    return malformed(where + "makes the name of a byte or of the separator");
  if (known == ids_.end() && tokens_.size() == max_vocab) return malformed("more than 65536 tokens");
  const TokenId token = known != ids_.end() ? known->second : static_cast<TokenId>(tokens_.size());
  if (!made_.insert({key(merge), {static_cast<TokenId>(merges_.size()), token}}).second)
    return malformed(where + "repeats an earlier one");
  merges_.push_back(merge);
  if (known == ids_.end()) {
    ids_[joined] = token;
    tokens_.push_back(std::move(joined));
  }
  return token;
}

std::string Tokenizer::name(TokenId token) const {
  if (token == separator) return "<|\u043a\u043e\u043d\u0435\u0446|>";
  if (!is_byte(token)) return bytes(token);
  static constexpr char hex[] = "0123456789ABCDEF";
  const int byte = token - first_byte;
  return std::string("<0x") + hex[byte >> 4] + hex[byte & 15] + '>';
}

std::vector<TokenId> Tokenizer::encode(std::string_view text) const {
  std::vector<TokenId> tokens;
  Encoder(*this).encode(text, tokens);
  return tokens;
}

std::string Tokenizer::decode(const std::vector<TokenId>& tokens) const {
  std::string text;
  for (const TokenId token : tokens) text += bytes(token);
  return text;
}

std::vector<Span> spans(const Tokenizer& tokenizer, const std::vector<TokenId>& tokens,
                        std::string_view text) {
  std::vector<Index> character;  // of every byte of the text
  character.reserve(text.size() + 1);
  Index characters = 0;
  for (std::size_t at = 0; at < text.size(); ++characters) {
    const auto length = static_cast<std::size_t>(std::max(1, io::decode_utf8(text, at).length));
    character.insert(character.end(), length, characters);
    at += length;
  }
  std::vector<Span> out;
  out.reserve(tokens.size());
  std::size_t begin = 0;
  for (const TokenId token : tokens) {
    const std::size_t end = begin + tokenizer.bytes(token).size();
    if (end > text.size()) throw ShapeError("spans: the tokens are longer than the text");
    const Index first = begin < text.size() ? character[begin] : characters;
    const Index last = end > begin ? character[end - 1] + 1 : first;
    out.push_back({static_cast<Index>(begin), static_cast<Index>(end), first, last});
    begin = end;
  }
  return out;
}

}  // namespace attn::text
