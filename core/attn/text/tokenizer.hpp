// Byte-pair encoding of characters (Sennrich, Haddow and Birch 2016, arXiv 1508.07909), with bytes
// for whatever the alphabet lacks, so that any byte string is encoded and comes back exactly.
//
// Vocabulary, by id:
//   0            <|конец|>, the separator of documents: never made from text
//   1 ... 256    the bytes 0x00 ... 0xFF
//   257 ...      the alphabet, in the order of its code points
//   then         what the merges make, in the order of the merges
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "attn/base/error.hpp"
#include "attn/base/real.hpp"

namespace attn::text {

struct Merge {
  TokenId left, right;
};

class Tokenizer {
 public:
  static constexpr TokenId separator = 0, first_byte = 1, first_character = 257;
  static constexpr std::size_t max_vocab = 65536;  // tokens are kept as uint16
  static constexpr std::size_t max_token_bytes = 256;

  // Code points in ascending order; merges follow by add().
  static Result<Tokenizer> create(const std::vector<std::uint32_t>& alphabet);
  // Appends a merge, ranked after those before it, and gives the token that it makes. Two merges may
  // make the same string: it is one token.
  Result<TokenId> add(Merge merge);

  // A tokenizer.json of the Hugging Face library: BPE, byte_fallback, merges as pairs. Read strictly:
  // what this class would not do itself is refused.
  static Result<Tokenizer> parse(std::string_view json);
  std::string to_json() const;

  Index vocab() const { return static_cast<Index>(tokens_.size()); }
  const std::vector<Merge>& merges() const { return merges_; }
  bool is_byte(TokenId token) const { return token >= first_byte && token < first_character; }
  // What the token stands for in a text; a lone byte for a byte token, nothing for the separator.
  const std::string& bytes(TokenId token) const { return tokens_.at(static_cast<std::size_t>(token)); }
  // Its name in tokenizer.json: the same, but <0xD0> and the separator are spelled out.
  std::string name(TokenId token) const;

  std::vector<TokenId> encode(std::string_view text) const;
  // Separators give nothing.
  std::string decode(const std::vector<TokenId>& tokens) const;

 private:
  friend class Encoder;
  struct Made {
    TokenId rank, token;
  };
  static std::uint64_t key(Merge m) {
    return static_cast<std::uint64_t>(m.left) << 32 | static_cast<std::uint32_t>(m.right);
  }

  std::vector<std::string> tokens_;
  std::vector<Merge> merges_;
  std::unordered_map<std::string, TokenId> ids_;           // name -> id
  std::unordered_map<std::uint32_t, TokenId> characters_;  // code point -> id
  std::unordered_map<std::uint64_t, Made> made_;           // pair -> what it becomes
};

// Encodes with a memory of the pieces met before: the way to encode a corpus.
class Encoder {
 public:
  explicit Encoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}  // which must outlive it
  void encode(std::string_view text, std::vector<TokenId>& out);           // appends

 private:
  void encode_piece(std::string_view piece, std::vector<TokenId>& out) const;
  const Tokenizer& tokenizer_;
  std::unordered_map<std::string, std::vector<TokenId>> seen_;
  std::string piece_;
};

// Where a token stands in its text. A byte token covers the whole character that it is a part of.
struct Span {
  Index begin, end;                       // bytes
  Index first_character, last_character;  // code points, [first, last); a stray byte counts as one
};

// `tokens` as encode() gave them for `text`.
std::vector<Span> spans(const Tokenizer& tokenizer, const std::vector<TokenId>& tokens,
                        std::string_view text);

}  // namespace attn::text
