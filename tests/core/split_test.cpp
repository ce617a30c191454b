#include "attn/text/split.hpp"

#include <doctest.h>

#include <vector>

using attn::text::piece_end;

namespace {

std::vector<std::string> pieces(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = piece_end(text, at);
    REQUIRE(end > at);
    REQUIRE(end <= text.size());
    out.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

using Pieces = std::vector<std::string>;

}  // namespace

TEST_CASE("a word takes the space before it, punctuation is a piece of its own") {
  CHECK(pieces("Старик, «поднялся» со стула...") ==
        Pieces{"Старик", ",", " «", "поднялся", "»", " со", " стула", "..."});
  CHECK(pieces("— Да?! — ") == Pieces{"—", " Да", "?!", " —", " "});
}

TEST_CASE("digits stand alone, each with its space") {
  CHECK(pieces("в 1812 году") == Pieces{"в", " 1", "8", "1", "2", " году"});
}

TEST_CASE("white space that no word takes is cut into characters") {
  CHECK(pieces("а  б\n\nв\tг") == Pieces{"а", " ", " б", "\n", "\n", "в", "\t", "г"});
  CHECK(pieces("а\u00a0б") == Pieces{"а", "\u00a0", "б"});
}

TEST_CASE("a stress mark stays within its word") { CHECK(pieces("за\u0301мок") == Pieces{"за\u0301мок"}); }

TEST_CASE("bytes that are not UTF-8 are pieces like punctuation") {
  CHECK(pieces("а\xff\xfe\xd0") == Pieces{"а", "\xff\xfe\xd0"});
}

TEST_CASE("the pattern for other libraries is made from the same ranges") {
  const std::string pattern = attn::text::split_pattern();
  CHECK(pattern.rfind(" ?[A-Za-z", 0) == 0);
  CHECK(pattern.find("| ?[0-9]| ?[^") != std::string::npos);
}
