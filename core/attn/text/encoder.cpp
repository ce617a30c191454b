// Text -> tokens. In every piece the adjacent pair of the lowest rank is joined, the leftmost of equals
// first, until no pair is a merge: a heap of candidate pairs over a linked list, O(n log n) in the
// length of the piece, so that a "word" of a million letters takes seconds at most.
#include <queue>

#include "attn/io/utf8.hpp"
#include "attn/text/split.hpp"
#include "attn/text/tokenizer.hpp"

namespace attn::text {

namespace {

constexpr std::size_t longest_remembered = 64;     // bytes of a piece
constexpr std::size_t most_remembered = 1u << 19;  // pieces, about a hundred bytes each

struct Symbol {
  TokenId token;                  // -1: joined to the one before
  std::ptrdiff_t previous, next;  // -1: none
};

struct Candidate {
  TokenId rank;
  std::ptrdiff_t at;    // index of the left symbol
  TokenId left, right;  // as they were when the candidate was made; it is void if they have changed
  TokenId token;
};

struct Later {
  bool operator()(const Candidate& a, const Candidate& b) const {
    return a.rank != b.rank ? a.rank > b.rank : a.at > b.at;
  }
};

}  // namespace

void Encoder::encode(std::string_view text, std::vector<TokenId>& out) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = piece_end(text, at);
    const std::string_view piece = text.substr(at, end - at);
    at = end;
    if (piece.size() > longest_remembered) {
      encode_piece(piece, out);
      continue;
    }
    piece_.assign(piece);
    auto found = seen_.find(piece_);
    if (found == seen_.end()) {
      if (seen_.size() == most_remembered) seen_.clear();
      found = seen_.emplace(piece_, std::vector<TokenId>()).first;
      encode_piece(piece, found->second);
    }
    out.insert(out.end(), found->second.begin(), found->second.end());
  }
}

void Encoder::encode_piece(std::string_view piece, std::vector<TokenId>& out) const {
  std::vector<Symbol> symbols;
  const auto append = [&](TokenId token) {
    const auto at = static_cast<std::ptrdiff_t>(symbols.size());
    symbols.push_back({token, at - 1, at + 1});
  };
  for (std::size_t at = 0; at < piece.size();) {
    const io::CodePoint c = io::decode_utf8(piece, at);
    const auto known = c.length > 0 ? tokenizer_.characters_.find(c.value) : tokenizer_.characters_.end();
    const std::size_t length = c.length > 0 ? static_cast<std::size_t>(c.length) : 1;
    if (known != tokenizer_.characters_.end()) {
      append(known->second);
    } else {
      for (std::size_t i = 0; i < length; ++i)
        append(Tokenizer::first_byte + static_cast<std::uint8_t>(piece[at + i]));
    }
    at += length;
  }
  if (symbols.empty()) return;
  symbols.back().next = -1;

  std::priority_queue<Candidate, std::vector<Candidate>, Later> queue;
  const auto propose = [&](std::ptrdiff_t left) {  // the pair that starts at `left`, if it is a merge
    if (left < 0 || symbols[static_cast<std::size_t>(left)].next < 0) return;
    const Symbol& l = symbols[static_cast<std::size_t>(left)];
    const Symbol& r = symbols[static_cast<std::size_t>(l.next)];
    const auto made = tokenizer_.made_.find(Tokenizer::key({l.token, r.token}));
    if (made != tokenizer_.made_.end())
      queue.push({made->second.rank, left, l.token, r.token, made->second.token});
  };
  for (std::size_t i = 0; i + 1 < symbols.size(); ++i) propose(static_cast<std::ptrdiff_t>(i));
  while (!queue.empty()) {
    const Candidate c = queue.top();
    queue.pop();
    Symbol& left = symbols[static_cast<std::size_t>(c.at)];
    if (left.token != c.left || left.next < 0) continue;
    Symbol& right = symbols[static_cast<std::size_t>(left.next)];
    if (right.token != c.right) continue;
    left.token = c.token;
    right.token = -1;
    left.next = right.next;
    if (left.next >= 0) symbols[static_cast<std::size_t>(left.next)].previous = c.at;
    propose(left.previous);
    propose(c.at);
  }
  for (std::ptrdiff_t at = 0; at >= 0; at = symbols[static_cast<std::size_t>(at)].next)
    out.push_back(symbols[static_cast<std::size_t>(at)].token);
}

}  // namespace attn::text
