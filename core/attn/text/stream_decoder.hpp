// Tokens that arrive one by one -> text for a reader. A character is shown when its last byte is in;
// bytes that can no longer become one are shown as U+FFFD, as browsers do.
#pragma once

#include <string>

#include "attn/text/tokenizer.hpp"

namespace attn::text {

class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}  // which must outlive it

  // What the token completes: valid UTF-8, perhaps empty.
  std::string push(TokenId token);
  // The end: U+FFFD if a character was left unfinished.
  std::string finish();

 private:
  std::string take(bool last);
  const Tokenizer& tokenizer_;
  std::string pending_;  // the bytes not shown yet
};

}  // namespace attn::text
