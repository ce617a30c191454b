#include "attn/text/bpe_trainer.hpp"

#include <doctest.h>

#include <string>
#include <vector>

using attn::text::BpeTrainer;
using attn::text::Merge;
using attn::text::Tokenizer;

namespace {

Tokenizer trained(const std::vector<std::string>& texts, attn::Index vocab) {
  BpeTrainer trainer;
  for (const std::string& text : texts) trainer.add(text);
  auto tokenizer = trainer.train({vocab, 1});
  REQUIRE(tokenizer.ok());
  return *std::move(tokenizer);
}

std::vector<std::string> merged(const Tokenizer& t) {
  std::vector<std::string> out;
  for (const Merge& m : t.merges()) out.push_back(t.bytes(m.left) + "+" + t.bytes(m.right));
  return out;
}

}  // namespace

// Worked by hand: " м" occurs 7 times; then а+м, л+а, " м"+ы have 4 each and the lower ids win in turn;
// " мы"+ла has 3; of the pairs that occur twice " м"+ам has the lowest left id; nothing else occurs twice.
TEST_CASE("the merges of мама мыла раму, in order and with their ties") {
  const Tokenizer t = trained({"мама мыла раму мама мыла маму мила мыла мыло"}, 400);
  CHECK(merged(t) == std::vector<std::string>{" +м", "а+м", "л+а", " м+ы", " мы+ла", " м+ам"});
  CHECK(t.vocab() == 257 + 9 + 6);
  std::string seen;
  for (const attn::TokenId token : t.encode("мама мыла раму")) seen += t.bytes(token) + "|";
  CHECK(seen == "м|ам|а| мыла| |р|ам|у|");
}

TEST_CASE("a vocabulary stops at the size asked for") {
  const Tokenizer t = trained({"мама мыла раму мама мыла маму мила мыла мыло"}, 257 + 9 + 2);
  CHECK(merged(t) == std::vector<std::string>{" +м", "а+м"});
}

// In "aaaa" the pair (a, a) overlaps itself: 3 occurrences, of which 2 are joined.
TEST_CASE("a pair that overlaps itself is joined from the left") {
  const Tokenizer t = trained({"aaaaa aaaaa"}, 400);
  // (a,a): 8; then (aa,aa): 2 and (aa,a): 2, where the lower right id, a, wins.
  CHECK(merged(t) == std::vector<std::string>{"a+a", "aa+a", "aa+aaa"});
}

TEST_CASE("the order of the texts does not change the merges") {
  const std::vector<std::string> a = {"мама мыла раму", "мыло мыла мила", "рама мала"};
  const std::vector<std::string> b = {a[2], a[0], a[1]};
  CHECK(trained(a, 400).to_json() == trained(b, 400).to_json());
}

TEST_CASE("a rare character is no part of the alphabet, and no merge crosses it") {
  BpeTrainer trainer;
  trainer.add("abXab abXab ababab");
  const auto t = trainer.train({400, 3});
  REQUIRE(t.ok());
  CHECK(t->merges().size() >= 1);
  for (attn::TokenId token = Tokenizer::first_character; token < t->vocab(); ++token)
    CHECK(t->bytes(token).find('X') == std::string::npos);
  CHECK(t->decode(t->encode("abXab")) == "abXab");
}

TEST_CASE("a vocabulary too small for the alphabet is refused with the least that would do") {
  BpeTrainer trainer;
  trainer.add("abc");
  const auto t = trainer.train({258, 1});
  REQUIRE_FALSE(t.ok());
  CHECK(t.error().message.find("from 260") != std::string::npos);
}
