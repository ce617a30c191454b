#include "cli/text_tokens.hpp"

#include <algorithm>

#include "attn/io/utf8.hpp"
#include "cli/alphabet.hpp"
#include "cli/command.hpp"

namespace cli {

namespace {

using attn::Index;
using attn::text::ByteRange;

// The word that byte `at` belongs to; -1: a space.
Index word_at(const std::vector<ByteRange>& words, Index at) {
  const auto next = std::upper_bound(words.begin(), words.end(), at,
                                     [](Index b, const ByteRange& w) { return b < w.begin; });
  if (next == words.begin() || std::prev(next)->end <= at) return -1;
  return static_cast<Index>(std::prev(next) - words.begin());
}

// Letters of the course's alphabet; everything else is left out.
TokenisedPassage letters(const attn::text::Passage& p) {
  TokenisedPassage out;
  out.layout.punctuation = p.punctuation;
  for (std::size_t at = 0; at < p.text.size();) {
    const attn::io::CodePoint c = attn::io::decode_utf8(p.text, at);
    const std::uint32_t small = c.value >= 0x410 && c.value <= 0x42f ? c.value + 0x20 : c.value;
    if (small >= 0x430 && small < 0x430 + alphabet_size) {
      out.ids.push_back(static_cast<attn::TokenId>(small - 0x430));
      out.layout.word.push_back(word_at(p.words, static_cast<Index>(at)));
    }
    at += static_cast<std::size_t>(std::max(1, c.length));
  }
  return out;
}

}  // namespace

TextTokens::TextTokens(const std::string& path, const attn::ModelConfig& model) {
  if (path.empty()) {
    if (model.vocab != alphabet_size)
      throw Failure(usage, "a model with a vocabulary of " + std::to_string(model.vocab) +
                               " reads text through its tokenizer: give --tokenizer FILE");
    return;
  }
  tokenizer_ = need(attn::text::Tokenizer::parse(read_text(path)), path);
  if (tokenizer_->vocab() != model.vocab)
    throw Failure(path + ": " + std::to_string(tokenizer_->vocab()) + " tokens, the model's vocabulary is " +
                  std::to_string(model.vocab));
}

TokenisedPassage TextTokens::operator()(const attn::text::Passage& p) const {
  if (!tokenizer_) return letters(p);
  TokenisedPassage out;
  const std::vector<attn::TokenId> ids = tokenizer_->encode(p.text);
  const std::vector<attn::text::Span> spans = attn::text::spans(*tokenizer_, ids, p.text);
  out.ids.push_back(attn::text::Tokenizer::separator);
  out.ids.insert(out.ids.end(), ids.begin(), ids.end());
  out.layout.punctuation = p.punctuation;
  out.layout.word.push_back(-1);
  for (const attn::text::Span& s : spans) {
    Index at = s.begin;  // past the space that is joined to the word
    while (at + 1 < s.end && p.text[static_cast<std::size_t>(at)] == ' ') ++at;
    out.layout.word.push_back(word_at(p.words, at));
  }
  return out;
}

}  // namespace cli
