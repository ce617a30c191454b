// Does a head find a word's partner in a relation? Attention between words (Clark et al. 2019, §4.1),
// accuracy of a head's first choice, and the baselines without which that number says nothing.
#pragma once

#include <vector>

#include "attn/analysis/head_roles.hpp"

namespace attn {

// Attention *to* a word is the sum over its tokens. Attention *from* a word: Clark et al. average over
// its tokens, which suits BERT, where every piece sees the whole word. In a causal model only the last
// piece does (the others are asked before the word is known), so `last` is our default.
enum class FromWord { last, mean };

// W [H, n, n] of one sequence, W[h, i, j] from word i to word j, from a pattern [H, T, T] or [1, H, T, T].
// Words without tokens have zero rows and columns.
Tensor word_attention(const Tensor& pattern, const WordLayout& layout, FromWord from);

// One question to a head: which earlier word is the partner of `from`? All of `to` are right answers
// and stand before `from`; candidates are all words before it.
struct WordQuery {
  Index from = 0;
  std::vector<Index> to;
  Index nearest = -1;  // the nearest earlier word of the right part of speech, if the caller knows it
};

// An estimate with the 2.5 % and 97.5 % points of its bootstrap distribution.
struct Estimate {
  double value = 0, low = 0, high = 0;
};

struct RelationReport {
  Index queries = 0, held_out = 0;
  int head = 0;         // layer · H + head: the best on the selection half
  double selected = 0;  // its accuracy there
  Estimate accuracy;    // and on the other half
  double mass = 0;      // its mean weight on the right words, on the other half
  int offset = 1;       // the best "k words back" on the selection half
  double offset_accuracy = 0, nearest_accuracy = 0, chance = 0, uniform_mass = 0;  // on the other half
  Estimate gain;  // accuracy - offset_accuracy on the other half, question by question
  std::vector<double> head_accuracy, head_mass;  // [L · H] over all questions
};

// Gathers the answers of every head to the questions of one relation.
class RelationMeter {
 public:
  explicit RelationMeter(Index heads) : heads_(heads) {}  // heads: L · H

  // words: W [H, n, n] of each layer; `group` numbers the sentence: its questions stand or fall together.
  void add(const std::vector<Tensor>& words, const std::vector<WordQuery>& queries, const WordLayout& layout,
           Index group);

  // Heads are chosen on groups of even number and reported on odd ones; the bootstrap draws groups.
  RelationReport report(int draws, Rng& rng) const;
  Index queries() const { return static_cast<Index>(answers_.size()); }

 private:
  struct Answer {
    Index group = 0;
    std::vector<bool> hit;        // [L · H] the largest weight among the candidates is on a right word
    std::vector<float> mass;      // [L · H] weight on the right words
    std::vector<Index> distance;  // of the right words, in words
    bool nearest = false;
    double chance = 0, uniform = 0;
  };
  double accuracy(Index head, bool held_out) const;
  double offset_accuracy(int offset, bool held_out) const;
  void bootstrap(RelationReport& report, int draws, Rng& rng) const;
  Index heads_;
  std::vector<Answer> answers_;
};

}  // namespace attn
