#include "attn/text/labelled.hpp"

#include <doctest.h>

#include <cstring>

using namespace attn::text;
using attn::Index;

namespace {

std::string row(int id, const std::string& form, int head, const std::string& deprel, const std::string& upos,
                const std::string& misc = "_") {
  return std::to_string(id) + "\t" + form + "\t_\t" + upos + "\t_\t_\t" + std::to_string(head) + "\t" +
         deprel + "\t_\t" + misc + "\n";
}

Passage passage(const std::string& text, bool spaced = false) {
  const auto parsed = parse_conllu(text);
  REQUIRE(parsed.ok());
  return passage_of(parsed->data(), parsed->data() + parsed->size(), spaced);
}

std::string word(const Passage& p, Index i) {
  const ByteRange r = p.words[static_cast<std::size_t>(i)];
  return p.text.substr(static_cast<std::size_t>(r.begin), static_cast<std::size_t>(r.end - r.begin));
}

std::vector<LabelledQuery> of(const Passage& p, const char* name, bool from_head) {
  std::vector<LabelledQuery> out;
  for (const LabelledQuery& q : p.queries)
    if (std::strcmp(relation_kinds[q.kind].name, name) == 0 && relation_kinds[q.kind].from_head == from_head)
      out.push_back(q);
  return out;
}

}  // namespace

TEST_CASE("text is put together as the training corpus writes it, and words are found in it") {
  const Passage p = passage(
      row(1, "\"", 2, "punct", "PUNCT", "SpaceAfter=No") + row(2, "Ёж", 0, "root", "NOUN", "SpaceAfter=No") +
      row(3, "\"", 2, "punct", "PUNCT") + row(4, "--", 2, "punct", "PUNCT") +
      row(5, "зверёк", 2, "appos", "NOUN", "SpaceAfter=No") + row(6, "…", 2, "punct", "PUNCT"));
  CHECK(p.text == "«Еж» — зверек...");
  CHECK(word(p, 1) == "Еж");
  CHECK(word(p, 4) == "зверек");
  CHECK(p.punctuation == std::vector<bool>{true, false, true, true, false, true});
}

TEST_CASE("a file without SpaceAfter marks has its spaces taken out by rule") {
  const Passage p = passage(row(1, "Он", 2, "nsubj", "PRON") + row(2, "сказал", 0, "root", "VERB") +
                                row(3, ":", 2, "punct", "PUNCT") + row(4, "«", 2, "punct", "PUNCT") +
                                row(5, "да", 2, "ccomp", "PART") + row(6, "»", 2, "punct", "PUNCT") +
                                row(7, "(", 2, "punct", "PUNCT") + row(8, "тихо", 2, "advmod", "ADV") +
                                row(9, ")", 2, "punct", "PUNCT") + row(10, ".", 2, "punct", "PUNCT"),
                            true);
  CHECK(p.text == "Он сказал: «да» (тихо).");
  CHECK(word(p, 7) == "тихо");
}

TEST_CASE("relations go from the later word to the earlier one; a noun with two adjectives asks once") {
  // старый серый кот пьёт молоко: amod amod nsubj root obj
  const Passage p = passage(row(1, "старый", 3, "amod", "ADJ") + row(2, "серый", 3, "amod", "ADJ") +
                            row(3, "кот", 4, "nsubj:pass", "NOUN") + row(4, "пьёт", 0, "root", "VERB") +
                            row(5, "молоко", 4, "obj", "NOUN"));
  const auto amod = of(p, "amod", true);
  REQUIRE(amod.size() == 1);
  CHECK(amod[0].from == 2);
  CHECK(amod[0].to == std::vector<Index>{0, 1});
  CHECK(amod[0].nearest == 1);
  CHECK(of(p, "amod", false).empty());
  const auto nsubj = of(p, "nsubj", true);
  REQUIRE(nsubj.size() == 1);
  CHECK(nsubj[0].from == 3);
  CHECK(nsubj[0].to == std::vector<Index>{2});
  const auto obj = of(p, "obj", false);
  REQUIRE(obj.size() == 1);
  CHECK(obj[0].from == 4);
  CHECK(obj[0].to == std::vector<Index>{3});
  CHECK(of(p, "obj", true).empty());
  for (const LabelledQuery& q : p.queries)
    for (Index j : q.to) CHECK(j < q.from);
}

TEST_CASE("a pronoun looks for every earlier mention of its chain, across sentences") {
  const Passage p =
      passage(row(1, "Старый", 2, "amod", "ADJ", "Entity=(e1--2-type") +
              row(2, "Иван", 3, "nsubj", "PROPN", "Entity=e1)") + row(3, "пришёл", 0, "root", "VERB") + "\n" +
              row(1, "Он", 2, "nsubj", "PRON", "Entity=(e1--1-type)") + row(2, "взял", 0, "root", "VERB") +
              row(3, "свой", 4, "det", "DET", "Entity=(e2--2-type(e1--1-type)") +
              row(4, "плащ", 2, "obj", "NOUN", "Entity=e2)"));
  CHECK(p.text == "Старый Иван пришел Он взял свой плащ");
  const auto coref = of(p, "coref", false);
  REQUIRE(coref.size() == 2);
  CHECK(coref[0].from == 3);
  CHECK(coref[0].to == std::vector<Index>{1});  // the head of the mention, not its first word
  CHECK(coref[1].from == 5);
  CHECK(coref[1].to == std::vector<Index>{1, 3});
  CHECK(coref[1].nearest == 3);
  // Relations of the second sentence are counted from the passage's first word.
  CHECK(of(p, "nsubj", true).back().to == std::vector<Index>{3});
}

TEST_CASE("the words of a multiword token share a range and ask nothing of each other") {
  const Passage p = passage("1-2\tвполголоса\t_\t_\t_\t_\t_\t_\t_\t_\n" + row(1, "в", 2, "case", "ADP") +
                            row(2, "полголоса", 0, "root", "NOUN") + row(3, "пел", 2, "acl", "VERB"));
  CHECK(p.text == "вполголоса пел");
  CHECK(word(p, 0) == word(p, 1));
  CHECK(of(p, "case", true).empty());
}
