#include "attn/text/stream_decoder.hpp"

#include <doctest.h>

#include "attn/io/utf8.hpp"
#include "attn/math/random.hpp"

using attn::TokenId;
using attn::text::StreamDecoder;
using attn::text::Tokenizer;

namespace {

const Tokenizer& tokenizer() {
  static const Tokenizer t = *Tokenizer::create({' ', 'a', 0x431});
  return t;
}
TokenId byte(int b) { return Tokenizer::first_byte + b; }

std::string shown(const std::string& bytes) {
  StreamDecoder decoder(tokenizer());
  std::string out;
  for (const char c : bytes) out += decoder.push(byte(static_cast<unsigned char>(c)));
  return out + decoder.finish();
}

}  // namespace

TEST_CASE("a character is shown with its last byte, not before") {
  StreamDecoder decoder(tokenizer());
  CHECK(decoder.push(259) == "б");
  CHECK(decoder.push(byte(0xF0)).empty());
  CHECK(decoder.push(byte(0x9F)).empty());
  CHECK(decoder.push(byte(0x98)).empty());
  CHECK(decoder.push(byte(0x80)) == "\U0001F600");
  CHECK(decoder.push(Tokenizer::separator).empty());
  CHECK(decoder.finish().empty());
}

TEST_CASE("a character that breaks off becomes U+FFFD, and what follows is kept") {
  StreamDecoder decoder(tokenizer());
  CHECK(decoder.push(byte(0xD0)).empty());
  CHECK(decoder.push(258) == "\uFFFDa");
  CHECK(decoder.push(byte(0xE4)).empty());
  CHECK(decoder.finish() == "\uFFFD");
}

// The examples of Unicode 15, section 3.9: one U+FFFD for each longest prefix of a character.
TEST_CASE("bytes that are no text: table 3-8 and its neighbours") {
  const std::string r = "\uFFFD";
  CHECK(shown("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") == r + r + r + r + r + r + r + r + "A");
  CHECK(shown("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41") == r + r + r + r + r + r + r + r + "A");
  CHECK(shown("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42") == r + r + r + r + r + "A" + r + r + "B");
  CHECK(shown("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") == r + r + r + r + "A");
}

TEST_CASE("whatever comes in, what goes out is UTF-8, and valid text is unchanged") {
  attn::Rng rng(7);
  for (int round = 0; round < 200; ++round) {
    std::string noise, text;
    for (int i = 0; i < 20; ++i) {
      noise += static_cast<char>(rng.below(256));
      std::uint32_t c = static_cast<std::uint32_t>(rng.below(0x11000) * 16 + rng.below(16));
      if (c >= 0xD800 && c <= 0xDFFF) c = 'a';
      attn::io::append_utf8(text, c);
    }
    const std::string out = shown(noise);
    CHECK(attn::io::first_invalid_utf8(out) == out.size());
    CHECK(shown(text) == text);
  }
}
