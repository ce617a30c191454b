// A corpus of token numbers as `attn tokenizer pack` writes it: NAME.tokens, 16 bits each, little-endian,
// mapped into memory, and what NAME.json says about it.
#pragma once

#include <string>

#include "attn/train/text_windows.hpp"

namespace cli {

class MappedTokens {
 public:
  explicit MappedTokens(const std::string& path);
  ~MappedTokens();
  MappedTokens(const MappedTokens&) = delete;
  MappedTokens& operator=(const MappedTokens&) = delete;

  attn::TokenText text() const { return {static_cast<const std::uint16_t*>(memory_), count_}; }
  const std::string& path() const { return path_; }
  double characters() const { return characters_; }  // of the text behind the tokens; 0: not known
  attn::Index vocab() const { return vocab_; }       // of the tokenizer; 0: not known
  // Bits per character of a mean loss in nats per token.
  double bits_per_character(double loss) const;

 private:
  void read_sidecar();
  std::string path_;
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
  attn::Index count_ = 0, vocab_ = 0;
  double characters_ = 0;
};

}  // namespace cli
