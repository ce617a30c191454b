// A strict reader of CoNLL-U (universaldependencies.org/format.html): what head evaluation needs of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attn/base/error.hpp"
#include "attn/base/real.hpp"

namespace attn::text {

struct ConlluWord {
  std::string form, upos, deprel;  // deprel with its subtype ("nsubj:pass"); "" where the column is _
  Index head = -1;                 // word index in the sentence; -1: root or none
  std::string entity;              // the value of Entity= in MISC (CorefUD 1.0), "" if absent
  Index surface = 0;               // which written token the word belongs to
};

// What stands in the text: a word, or the several words of a multiword token.
struct ConlluToken {
  std::string form;
  bool space_after = true;  // false: SpaceAfter=No
};

struct ConlluSentence {
  std::string id;
  bool new_document = false;      // a `# newdoc` comment stands before it
  std::vector<ConlluWord> words;  // empty nodes (8.1) are left out
  std::vector<ConlluToken> surface;
};

// Every line is checked: ten columns, consecutive ids, multiword ranges that fit, heads inside the
// sentence, valid UTF-8. The message names the line.
Result<std::vector<ConlluSentence>> parse_conllu(std::string_view text);

}  // namespace attn::text
