// Learns a byte-pair vocabulary (Sennrich, Haddow and Birch 2016, algorithm 1): count the adjacent
// pairs of symbols within the pieces of split.hpp, join the most frequent pair everywhere, repeat.
//
// Ties go to the pair of the lower left id, then of the lower right id: characters before what was
// joined, characters by code point. The result depends on nothing but the text.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "attn/text/tokenizer.hpp"

namespace attn::text {

struct BpeOptions {
  Index vocab = 4096;
  // A character is in the alphabet if it occurs at least so often; bytes spell the rest.
  std::uint64_t min_characters = 100;
};

class BpeTrainer {
 public:
  void add(std::string_view text);
  // Fewer tokens than asked for if no pair occurs twice.
  Result<Tokenizer> train(const BpeOptions& options) const;
  std::size_t distinct_pieces() const { return counts_.size(); }

 private:
  std::vector<std::uint32_t> alphabet(std::uint64_t min_characters) const;
  std::deque<std::string> pieces_;  // what the keys of counts_ look at, in the order of first occurrence
  std::vector<std::uint64_t> times_;
  std::unordered_map<std::string_view, std::size_t> counts_;  // piece -> index in pieces_ and times_
};

}  // namespace attn::text
