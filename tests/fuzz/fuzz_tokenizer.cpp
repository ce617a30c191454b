// Any bytes are text: they come back from their tokens, and a reader is shown UTF-8. Any bytes are also
// either refused as a tokenizer.json or a tokenizer that writes itself the same.
#include <cstdlib>

#include "attn/io/utf8.hpp"
#include "attn/text/stream_decoder.hpp"
#include "attn/text/tokenizer.hpp"

using attn::text::Tokenizer;

namespace {

const Tokenizer& fixed() {
  static const Tokenizer t = [] {
    Tokenizer made = *Tokenizer::create({' ', 'a', 'b', 0x430, 0x431});
    for (const auto& m :
         {attn::text::Merge{258, 259}, {257, 262}, {260, 261}, {257, 264}, {258, 258}, {266, 266}})
      if (!made.add(m).ok()) std::abort();
    return made;
  }();
  return t;
}

void round_trip(const Tokenizer& t, std::string_view text) {
  const auto tokens = t.encode(text);
  if (t.decode(tokens) != text) std::abort();
  if (attn::text::spans(t, tokens, text).size() != tokens.size()) std::abort();
  attn::text::StreamDecoder decoder(t);
  std::string shown;
  for (const attn::TokenId token : tokens) shown += decoder.push(token);
  shown += decoder.finish();
  if (attn::io::first_invalid_utf8(shown) != shown.size()) std::abort();
  if (attn::io::first_invalid_utf8(text) == text.size() && shown != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  round_trip(fixed(), text);
  const auto t = Tokenizer::parse(text);
  if (!t.ok()) return 0;
  const auto again = Tokenizer::parse(t->to_json());
  if (!again.ok() || again->to_json() != t->to_json()) std::abort();
  round_trip(*t, text);
  return 0;
}
