// Cuts a text into the pieces that byte-pair merges never cross. No locale, no regular expressions:
// characters fall into four classes by a table of ranges, and a piece is one of
//
//   [space] letter+      a word with the space before it
//   [space] digit        numbers are read digit by digit
//   [space] other+       a run of punctuation and symbols, « —», «...», «»,»
//   space                any white space left over, one character at a time
//
// where [space] is an optional U+0020. The pieces cover the text to its last byte; a byte that is
// not UTF-8 counts as `other`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace attn::text {

// Where the piece that starts at text[at] ends; at < text.size() is the start of a piece.
std::size_t piece_end(std::string_view text, std::size_t at);

// The same rule as a regular expression of matches, for tokenizer.json ("Split", "Isolated").
std::string split_pattern();

}  // namespace attn::text
