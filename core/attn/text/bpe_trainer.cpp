#include "attn/text/bpe_trainer.hpp"

#include <map>
#include <queue>

#include "attn/io/utf8.hpp"
#include "attn/text/split.hpp"

namespace attn::text {

namespace {

struct Word {
  std::vector<TokenId> symbols;
  std::int64_t times;
};

struct Pair {
  std::int64_t times = 0;
  std::vector<std::uint32_t> words;  // where it has occurred; some may have lost it since
};

struct Candidate {
  std::int64_t times;
  Merge pair;
};

struct Later {
  bool operator()(const Candidate& a, const Candidate& b) const {
    if (a.times != b.times) return a.times < b.times;
    if (a.pair.left != b.pair.left) return a.pair.left > b.pair.left;
    return a.pair.right > b.pair.right;
  }
};

// The words with the counts of their pairs, kept up to date from merge to merge.
class Pairs {
 public:
  explicit Pairs(std::vector<Word> words) : words_(std::move(words)) {
    for (std::size_t w = 0; w < words_.size(); ++w)
      for (std::size_t i = 0; i + 1 < words_[w].symbols.size(); ++i)
        change({words_[w].symbols[i], words_[w].symbols[i + 1]}, static_cast<std::uint32_t>(w), 1);
    propose();
  }

  // The most frequent pair; times 0: none is left. The heap holds old counts as well: a count that has
  // shrunk is put back with what it is now.
  Candidate most_frequent() {
    while (!queue_.empty()) {
      const Candidate top = queue_.top();
      queue_.pop();
      const auto found = pairs_.find(key(top.pair));
      if (found == pairs_.end() || found->second.times <= 0) continue;
      if (found->second.times == top.times) return top;
      if (found->second.times < top.times) queue_.push({found->second.times, top.pair});
    }
    return {0, {0, 0}};
  }

  void join(Merge pair, TokenId token) {
    const Pair joined = std::move(pairs_[key(pair)]);
    pairs_.erase(key(pair));
    for (const std::uint32_t w : joined.words) join_in(w, pair, token);
    pairs_.erase(key(pair));  // "aaa" counts its pair (a, a) once more while it is joined
    propose();
  }

 private:
  static std::uint64_t key(Merge m) {
    return static_cast<std::uint64_t>(m.left) << 32 | static_cast<std::uint32_t>(m.right);
  }

  // `sign` more occurrences of the pair per occurrence of word w. Bytes are never joined.
  void change(Merge pair, std::uint32_t w, int sign) {
    if (pair.left < Tokenizer::first_character || pair.right < Tokenizer::first_character) return;
    Pair& p = pairs_[key(pair)];
    p.times += sign * words_[w].times;
    if (sign < 0) return;
    if (p.words.empty() || p.words.back() != w) p.words.push_back(w);
    grown_[key(pair)] = pair;
  }

  void join_in(std::uint32_t w, Merge pair, TokenId token) {
    std::vector<TokenId>& s = words_[w].symbols;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < s.size();) {
      if (i + 1 == s.size() || s[i] != pair.left || s[i + 1] != pair.right) {
        s[kept++] = s[i++];
        continue;
      }
      if (kept > 0) {
        change({s[kept - 1], pair.left}, w, -1);
        change({s[kept - 1], token}, w, 1);
      }
      if (i + 2 < s.size()) {
        change({pair.right, s[i + 2]}, w, -1);
        change({token, s[i + 2]}, w, 1);
      }
      s[kept++] = token;
      i += 2;
    }
    s.resize(kept);
  }

  void propose() {
    for (const auto& [id, pair] : grown_) {
      const auto found = pairs_.find(id);
      if (found != pairs_.end() && found->second.times > 0) queue_.push({found->second.times, pair});
    }
    grown_.clear();
  }

  std::vector<Word> words_;
  std::unordered_map<std::uint64_t, Pair> pairs_;
  std::unordered_map<std::uint64_t, Merge> grown_;  // since the last propose()
  std::priority_queue<Candidate, std::vector<Candidate>, Later> queue_;
};

std::vector<TokenId> symbols_of(std::string_view piece, const std::map<std::uint32_t, TokenId>& ids) {
  std::vector<TokenId> symbols;
  for (std::size_t at = 0; at < piece.size();) {
    const io::CodePoint c = io::decode_utf8(piece, at);
    const auto known = c.length > 0 ? ids.find(c.value) : ids.end();
    symbols.push_back(known != ids.end() ? known->second : Tokenizer::first_byte);  // any byte: a break
    at += c.length > 0 ? static_cast<std::size_t>(c.length) : 1;
  }
  return symbols;
}

}  // namespace

void BpeTrainer::add(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = piece_end(text, at);
    const std::string_view piece = text.substr(at, end - at);
    at = end;
    const auto found = counts_.find(piece);
    if (found != counts_.end()) {
      ++times_[found->second];
      continue;
    }
    pieces_.emplace_back(piece);
    counts_[pieces_.back()] = times_.size();
    times_.push_back(1);
  }
}

std::vector<std::uint32_t> BpeTrainer::alphabet(std::uint64_t min_characters) const {
  std::map<std::uint32_t, std::uint64_t> times;
  for (std::size_t i = 0; i < pieces_.size(); ++i)
    for (std::size_t at = 0; at < pieces_[i].size();) {
      const io::CodePoint c = io::decode_utf8(pieces_[i], at);
      if (c.length > 0) times[c.value] += times_[i];
      at += c.length > 0 ? static_cast<std::size_t>(c.length) : 1;
    }
  std::vector<std::uint32_t> characters;
  for (const auto& [character, n] : times)
    if (n >= min_characters) characters.push_back(character);
  return characters;
}

Result<Tokenizer> BpeTrainer::train(const BpeOptions& options) const {
  const std::vector<std::uint32_t> characters = alphabet(options.min_characters);
  const auto least = static_cast<Index>(characters.size()) + Tokenizer::first_character;
  if (options.vocab < least || options.vocab > static_cast<Index>(Tokenizer::max_vocab))
    return Error{ErrorCode::out_of_range, "a vocabulary of " + std::to_string(options.vocab) +
                                              " tokens: it must be from " + std::to_string(least) +
                                              " (separator, bytes and characters of this text) to 65536"};
  std::map<std::uint32_t, TokenId> ids;
  for (const std::uint32_t c : characters)
    ids[c] = Tokenizer::first_character + static_cast<TokenId>(ids.size());
  std::vector<Word> words;
  words.reserve(pieces_.size());
  for (std::size_t i = 0; i < pieces_.size(); ++i)
    words.push_back({symbols_of(pieces_[i], ids), static_cast<std::int64_t>(times_[i])});

  Pairs pairs(std::move(words));
  Result<Tokenizer> tokenizer = Tokenizer::create(characters);
  while (tokenizer.ok() && tokenizer->vocab() < options.vocab) {
    const Candidate best = pairs.most_frequent();
    if (best.times < 2) break;
    const Result<TokenId> token = tokenizer->add(best.pair);
    if (!token.ok()) return token.error();
    pairs.join(best.pair, *token);
  }
  return tokenizer;
}

}  // namespace attn::text
