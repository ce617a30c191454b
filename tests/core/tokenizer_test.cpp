#include "attn/text/tokenizer.hpp"

#include <doctest.h>

#include <algorithm>
#include <map>

#include "attn/io/utf8.hpp"
#include "attn/math/random.hpp"
#include "attn/text/split.hpp"
#include "attn/text/tokenizer.hpp"

using attn::Rng;
using attn::TokenId;
using attn::text::Merge;
using attn::text::Span;
using attn::text::Tokenizer;

namespace {

using Tokens = std::vector<TokenId>;

// Ids: ' ' 257, a 258, b 259, c 260; ab 261, bc 262, abc 263 (made twice), " abc" 264, aa 265.
Tokenizer small() {
  Tokenizer t = *Tokenizer::create({' ', 'a', 'b', 'c'});
  for (const Merge m : {Merge{258, 259}, {259, 260}, {261, 260}, {258, 262}, {257, 263}, {258, 258}})
    REQUIRE(t.add(m).ok());
  return t;
}

// Sennrich et al., as in the paper: the merge of the lowest rank, everywhere, until none applies.
Tokens slow_encode(const Tokenizer& t, std::string_view text) {
  std::map<std::pair<TokenId, TokenId>, std::pair<std::size_t, TokenId>> made;
  std::map<std::string, TokenId> ids;
  for (TokenId i = Tokenizer::first_character; i < t.vocab(); ++i) ids[t.bytes(i)] = i;
  for (std::size_t rank = 0; rank < t.merges().size(); ++rank) {
    const Merge m = t.merges()[rank];
    made[{m.left, m.right}] = {rank, ids.at(t.bytes(m.left) + t.bytes(m.right))};
  }
  Tokens out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = attn::text::piece_end(text, at);
    Tokens s;
    for (; at < end; ++at) {
      const auto known = ids.find(std::string(1, text[at]));
      s.push_back(known != ids.end() ? known->second
                                     : Tokenizer::first_byte + static_cast<unsigned char>(text[at]));
    }
    for (;;) {
      std::size_t best = made.size(), where = 0;
      for (std::size_t i = 0; i + 1 < s.size(); ++i) {
        const auto found = made.find({s[i], s[i + 1]});
        if (found != made.end() && found->second.first < best) best = found->second.first, where = i;
      }
      if (best == made.size()) break;
      s[where] = made.at({s[where], s[where + 1]}).second;
      s.erase(s.begin() + static_cast<std::ptrdiff_t>(where) + 1);
    }
    out.insert(out.end(), s.begin(), s.end());
  }
  return out;
}

std::string random_text(Rng& rng, int length) {
  std::string text;
  for (int i = 0; i < length; ++i) {
    std::uint32_t c = rng.below(4) ? static_cast<std::uint32_t>(rng.below(0x500))
                                   : static_cast<std::uint32_t>(rng.below(0x110000));
    if (c >= 0xD800 && c <= 0xDFFF) c = ' ';
    attn::io::append_utf8(text, c);
  }
  return text;
}

}  // namespace

TEST_CASE("tokenizer: the vocabulary's order") {
  const Tokenizer t = small();
  CHECK(t.vocab() == 266);
  CHECK(t.name(0) == "<|конец|>");
  CHECK(t.bytes(0).empty());
  CHECK(t.name(1) == "<0x00>");
  CHECK(t.name(256) == "<0xFF>");
  CHECK(t.bytes(256) == "\xFF");
  CHECK(t.name(257) == " ");
  CHECK(t.bytes(263) == "abc");
  CHECK(t.bytes(264) == " abc");
}

TEST_CASE("tokenizer: pairs are joined by rank, then from the left") {
  const Tokenizer t = small();
  CHECK(t.encode("abc") == Tokens{263});
  CHECK(t.encode("abc abc") == Tokens{263, 264});
  CHECK(t.encode("aaa") == Tokens{265, 258});
  CHECK(t.encode("aab") == Tokens{258, 261});  // a+b ranks before a+a
  CHECK(t.encode("").empty());
}

TEST_CASE("tokenizer: what the alphabet lacks is spelled in bytes, merges do not cross it") {
  const Tokenizer t = small();
  CHECK(t.encode("aя") == Tokens{258, 1 + 0xD1, 1 + 0x8F});
  CHECK(t.encode("a\xffz") == Tokens{258, 1 + 0xFF, 1 + 'z'});
  CHECK(t.encode("<|конец|>").front() == 1 + '<');  // the separator is never made from text
}

TEST_CASE("tokenizer: the heap finds what the algorithm of the paper finds") {
  Rng rng(3);
  for (int round = 0; round < 30; ++round) {
    Tokenizer t = *Tokenizer::create({' ', 'a', 'b', 'c', 'd'});
    for (int m = 0; m < 40; ++m)  // some are refused: repeated
      (void)t
          .add({static_cast<TokenId>(257 + rng.below(t.vocab() - 257)),
                static_cast<TokenId>(257 + rng.below(t.vocab() - 257))})
          .ok();
    for (int i = 0; i < 20; ++i) {
      std::string text;
      for (int k = 0; k < 60; ++k) text += " abcd!"[rng.below(12) ? 1 + rng.below(4) : rng.below(6)];
      CHECK(t.encode(text) == slow_encode(t, text));
    }
  }
}

TEST_CASE("tokenizer: any bytes come back") {
  Tokenizer t = *Tokenizer::create({' ', 'a', 0x301, 0x430, 0x431, 0x1F600});
  for (const Merge m : {Merge{257, 260}, {260, 261}, {261, 260}, {264, 260}}) REQUIRE(t.add(m).ok());
  Rng rng(11);
  for (int round = 0; round < 300; ++round) {
    std::string noise;
    for (int i = 0; i < 100; ++i) noise += static_cast<char>(rng.below(256));
    CHECK(t.decode(t.encode(noise)) == noise);
    const std::string text = random_text(rng, 60);
    CHECK(t.decode(t.encode(text)) == text);
  }
}

TEST_CASE("tokenizer: a piece of any length, remembered or not") {
  const Tokenizer t = small();
  for (const std::size_t n : {63u, 64u, 65u, 200000u}) {
    const Tokens tokens = t.encode(std::string(n, 'a'));
    CHECK(tokens.size() == (n + 1) / 2);
    CHECK(std::count(tokens.begin(), tokens.end(), 265) == static_cast<std::ptrdiff_t>(n / 2));
  }
}

TEST_CASE("tokenizer: spans lie side by side and cover whole characters") {
  const Tokenizer t = small();
  const std::string text = "abc яa\xff";
  const Tokens tokens = t.encode(text);  // abc | ' ' D1 8F | a ... by the pieces "abc", " яa", "\xff"
  const std::vector<Span> s = attn::text::spans(t, tokens, text);
  REQUIRE(s.size() == tokens.size());
  attn::Index at = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    CHECK(s[i].begin == at);
    at = s[i].end;
    CHECK(text.substr(static_cast<std::size_t>(s[i].begin),
                      static_cast<std::size_t>(s[i].end - s[i].begin)) == t.bytes(tokens[i]));
  }
  CHECK(at == static_cast<attn::Index>(text.size()));
  CHECK(s[0].first_character == 0);
  CHECK(s[0].last_character == 3);
  // The two bytes of one letter: each stands for the whole of it.
  for (const std::size_t i : {2u, 3u}) {
    CHECK(s[i].first_character == 4);
    CHECK(s[i].last_character == 5);
  }
  CHECK(s.back().first_character == 6);
  CHECK(s.back().last_character == 7);
}

TEST_CASE("tokenizer: spans of tokens that are not of the text") {
  const Tokenizer t = small();
  CHECK_THROWS_AS(attn::text::spans(t, {263, 263}, "abc"), attn::ShapeError);
}

TEST_CASE("tokenizer: what cannot be a vocabulary is refused") {
  CHECK_FALSE(Tokenizer::create({'b', 'a'}).ok());
  CHECK_FALSE(Tokenizer::create({'a', 'a'}).ok());
  CHECK_FALSE(Tokenizer::create({0xD800}).ok());
  CHECK_FALSE(Tokenizer::create({0x110000}).ok());
  Tokenizer t = *Tokenizer::create({'0', '<', '>', 'A', 'x'});
  CHECK_FALSE(t.add({0, 257}).ok());    // the separator
  CHECK_FALSE(t.add({257, 256}).ok());  // a byte
  CHECK_FALSE(t.add({257, 262}).ok());  // not made yet
  CHECK_FALSE(t.add({-1, 257}).ok());
  CHECK(*t.add({258, 257}) == 262);     // <0
  CHECK(*t.add({262, 261}) == 263);     // <0x
  CHECK_FALSE(t.add({258, 257}).ok());  // repeated
  CHECK(*t.add({263, 260}) == 264);     // <0xA
  CHECK(*t.add({264, 260}) == 265);     // <0xAA
  const auto name = t.add({265, 259});  // <0xAA> is the name of a byte
  REQUIRE_FALSE(name.ok());
  CHECK(name.error().message.find("name of a byte") != std::string::npos);
  CHECK(t.vocab() == 266);
  TokenId last = 257;
  for (int i = 0; i < 8; ++i) last = *t.add({last, last});  // 2, 4 ... 256 bytes
  CHECK_FALSE(t.add({last, last}).ok());
}
