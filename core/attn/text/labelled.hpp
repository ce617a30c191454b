// Labelled text for head evaluation: sentences of CoNLL-U as running text, their words as byte ranges
// of it, and the questions that a relation asks of a head.
#pragma once

#include <string>
#include <vector>

#include "attn/text/conllu.hpp"

namespace attn::text {

struct ByteRange {
  Index begin = 0, end = 0;
};

// A relation read from the later word to the earlier one, the only way a causal model can see it.
struct RelationKind {
  const char* name;    // "nsubj": subject and predicate; subtypes (nsubj:pass) count
  bool from_head;      // true: the head stands later and looks for its dependents
  const char* target;  // parts of speech of the partner, for the nearest-word baseline
};
constexpr RelationKind relation_kinds[] = {
    {"nsubj", true, "NOUN PROPN PRON"},
    {"nsubj", false, "VERB"},
    {"amod", true, "ADJ"},
    {"amod", false, "NOUN PROPN"},
    {"case", true, "ADP"},
    {"obj", false, "VERB"},
    {"obj", true, "NOUN PROPN PRON"},
    {"coref", false, "NOUN PROPN PRON"},
};
constexpr Index relation_count = static_cast<Index>(sizeof relation_kinds / sizeof relation_kinds[0]);

struct LabelledQuery {
  Index kind = 0;         // index into relation_kinds
  Index from = 0;         // word index
  std::vector<Index> to;  // earlier words, all right
  Index nearest = -1;     // the nearest earlier word with a fitting part of speech
};

struct Passage {
  std::string text;
  std::vector<ByteRange> words;   // of `text`; the words of a multiword token share one
  std::vector<bool> punctuation;  // [words]
  std::vector<LabelledQuery> queries;
};

// The text as the corpus writes it: ё folded to е, quotes « », the dash ' — ', three dots. `spaced`:
// the file has no SpaceAfter marks, so spaces are taken out before closing and after opening marks.
// Sentences are joined by one space; coreference chains run through all of them.
Passage passage_of(const ConlluSentence* first, const ConlluSentence* last, bool spaced);

}  // namespace attn::text
