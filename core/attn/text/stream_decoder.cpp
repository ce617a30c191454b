#include "attn/text/stream_decoder.hpp"

#include "attn/io/utf8.hpp"

namespace attn::text {

namespace {

constexpr std::uint32_t replacement = 0xFFFD;

// Whether more bytes could make a character of text[at..]: it is a proper prefix of one.
bool may_grow(std::string_view text, std::size_t at) {
  // The least and the greatest continuation decide: what is valid in between is valid for one of them.
  for (const char filler : {'\x80', '\xBF'}) {
    std::string tried(text.substr(at));
    while (tried.size() < 4) {
      tried += filler;
      if (static_cast<std::size_t>(io::decode_utf8(tried, 0).length) == tried.size()) return true;
    }
  }
  return false;
}

}  // namespace

std::string StreamDecoder::push(TokenId token) {
  pending_ += tokenizer_.bytes(token);
  return take(false);
}

std::string StreamDecoder::finish() { return take(true); }

std::string StreamDecoder::take(bool last) {
  std::string out;
  std::size_t at = 0;
  while (at < pending_.size()) {
    const auto length = static_cast<std::size_t>(io::decode_utf8(pending_, at).length);
    if (length > 0) {
      out.append(pending_, at, length);
      at += length;
      continue;
    }
    // The longest prefix of a character from here is one U+FFFD (Unicode 15, section 3.9, table 3-8).
    std::size_t part = 1;
    while (at + part < pending_.size() && may_grow(std::string_view(pending_).substr(0, at + part + 1), at))
      ++part;
    if (!last && at + part == pending_.size() && may_grow(pending_, at)) break;
    io::append_utf8(out, replacement);
    at += part;
  }
  pending_.erase(0, at);
  return out;
}

}  // namespace attn::text
