#include "attn/text/conllu.hpp"

#include <doctest.h>

using attn::text::ConlluSentence;
using attn::text::parse_conllu;

namespace {

std::string row(const std::string& id, const std::string& form, const std::string& head = "0",
                const std::string& deprel = "root", const std::string& misc = "_",
                const std::string& upos = "NOUN") {
  return id + "\t" + form + "\tlemma\t" + upos + "\t_\t_\t" + head + "\t" + deprel + "\t_\t" + misc + "\n";
}

std::string problem(const std::string& text) {
  const auto r = parse_conllu(text);
  return r.ok() ? "accepted" : r.error().message;
}

bool mentions(const std::string& text, const std::string& part) {
  return problem(text).find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("words, relations, spaces and entities of two sentences") {
  const auto parsed = parse_conllu(
      "# newdoc id = 9\n# sent_id = a-1\n# text = Hello, world\n" +
      row("1", "Hello", "3", "discourse", "SpaceAfter=No") + row("2", ",", "1", "punct", "_", "PUNCT") +
      row("3", "world", "0", "root", "Entity=(e1--1-x)|SpaceAfter=No") + "\n" + row("1", "Next"));
  REQUIRE(parsed.ok());
  REQUIRE(parsed->size() == 2);
  const ConlluSentence& s = (*parsed)[0];
  CHECK(s.id == "a-1");
  CHECK(s.new_document);
  REQUIRE(s.words.size() == 3);
  CHECK(s.words[0].form == "Hello");
  CHECK(s.words[0].head == 2);
  CHECK(s.words[0].deprel == "discourse");
  CHECK(s.words[1].upos == "PUNCT");
  CHECK(s.words[2].head == -1);
  CHECK(s.words[2].entity == "(e1--1-x)");
  CHECK_FALSE(s.surface[0].space_after);
  CHECK(s.surface[1].space_after);
  CHECK_FALSE(s.surface[2].space_after);
  CHECK_FALSE((*parsed)[1].new_document);  // the last sentence needs no empty line
}

TEST_CASE("a multiword token is written once, an empty node never") {
  const auto parsed =
      parse_conllu("1-2\tdella\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n" + row("1", "di", "2", "case") +
                   row("2", "la") + "2.1\tgone\t_\t_\t_\t_\t_\t_\t_\t_\n" + row("3", "casa", "2", "nmod"));
  REQUIRE(parsed.ok());
  const ConlluSentence& s = parsed->at(0);
  REQUIRE(s.words.size() == 3);
  REQUIRE(s.surface.size() == 2);
  CHECK(s.surface[0].form == "della");
  CHECK_FALSE(s.surface[0].space_after);
  CHECK(s.words[0].surface == 0);
  CHECK(s.words[1].surface == 0);
  CHECK(s.words[2].surface == 1);
}

TEST_CASE("what does not keep the format is refused with the line and the reason") {
  CHECK(problem(row("1", "a")) == "accepted");
  CHECK(problem("") == "accepted");
  CHECK(mentions(row("1", "a") + "2\tb\n", "line 2: expected 10 columns"));
  CHECK(mentions("1\ta\t\t_\t_\t_\t0\troot\t_\t_\n", "column 3 is empty"));
  CHECK(mentions(row("2", "a"), "expected word 1, got 2"));
  CHECK(mentions(row("1", "a") + row("3", "b"), "expected word 2, got 3"));
  CHECK(mentions(row("01", "a"), "expected word 1"));
  CHECK(mentions(row("1", "a", "2"), "head 2 in a sentence of 1 words"));
  CHECK(mentions(row("1", "a", "1"), "head 1 is not another word"));
  CHECK(mentions(row("1", "a", "-1"), "head -1"));
  CHECK(mentions(row("1", "a", "99999999999"), "head 99999999999"));
  CHECK(mentions(row("1", "a") + "# late\n", "a comment inside"));
  CHECK(mentions(row("1", "a").substr(0, row("1", "a").size() - 1) + "\r\n", "CR"));
  CHECK(mentions("\xff", "not UTF-8"));
  const auto range = [](const std::string& id) { return id + "\tx\t_\t_\t_\t_\t_\t_\t_\t_\n"; };
  CHECK(mentions(range("1-2") + row("1", "a"), "ends after the last word"));
  CHECK(mentions(range("2-3") + row("1", "a"), "does not fit"));
  CHECK(mentions(range("1-1") + row("1", "a"), "does not fit"));
  CHECK(mentions(range("1-2") + row("1", "a") + range("2-3") + row("2", "b"), "does not fit"));
  CHECK(mentions(range("1-2") + "\n", "without its words"));
  CHECK(mentions(range("0-2") + row("1", "a"), "does not fit"));
  CHECK(mentions(row("1", "a") + range("2.1"), "out of order"));
  CHECK(problem(range("0.1") + row("1", "a")) == "accepted");
}
