#include "attn/text/labelled.hpp"

#include <algorithm>
#include <cstring>
#include <map>

namespace attn::text {

namespace {

bool one_of(const std::string& s, std::initializer_list<const char*> options) {
  return std::find(options.begin(), options.end(), s) != options.end();
}

void replace_all(std::string& s, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = s.find(what, at)) != std::string::npos; at += with.size())
    s.replace(at, what.size(), with);
}

// One written token in the corpus's spelling. `open`: a straight quote is open at this point.
std::string normalised(std::string form, bool& open) {
  if (one_of(form, {"``", "\u201c", "\u201e", ",,"})) return "\u00ab";
  if (one_of(form, {"''", "&#39;&#39;", "\u201d"})) return "\u00bb";
  if (one_of(form, {"\"", "&quot;"})) {
    open = !open;
    return open ? "\u00ab" : "\u00bb";
  }
  if (one_of(form, {"-", "--", "\u2013", "\u2015"})) return "\u2014";
  replace_all(form, "\u0451", "\u0435");  // small yo
  replace_all(form, "\u0401", "\u0415");  // capital yo
  replace_all(form, "\u2026", "...");
  return form;
}

bool closes(const std::string& mark) {
  return one_of(mark,
                {",", ".", "!", "?", ":", ";", ")", "]", "\u00bb", "..", "...", "?!", "!!", "!!!", "?.."});
}
bool opens(const std::string& mark) { return one_of(mark, {"(", "[", "\u00ab"}); }

// Appends one sentence's text; ranges[i] is where its i-th written token stands.
std::vector<ByteRange> append(std::string& text, const ConlluSentence& sentence, bool spaced) {
  std::vector<ByteRange> ranges;
  bool open = false, glue = text.empty();
  for (const ConlluToken& token : sentence.surface) {
    const std::string form = normalised(token.form, open);
    if (!glue && !(spaced && closes(form))) text += ' ';
    ranges.push_back({static_cast<Index>(text.size()), static_cast<Index>(text.size() + form.size())});
    text += form;
    glue = spaced ? opens(form) : !token.space_after;
  }
  return ranges;
}

// Is `relation` (perhaps with a subtype) the one called `name`?
bool is_relation(const std::string& relation, const char* name) {
  const std::size_t n = std::strlen(name);
  return relation.compare(0, n, name) == 0 && (relation.size() == n || relation[n] == ':');
}

bool listed(const char* list, const std::string& upos) {
  if (upos.empty()) return false;
  const std::string padded = ' ' + std::string(list) + ' ';
  return padded.find(' ' + upos + ' ') != std::string::npos;
}

using Words = std::vector<ConlluWord>;  // of the whole passage, heads and surfaces counted through

Index nearest_of(const Words& words, Index from, const char* target) {
  for (Index j = from - 1; j >= 0; --j)
    if (listed(target, words[static_cast<std::size_t>(j)].upos)) return j;
  return -1;
}

// Partners of one relation, grouped by the later word: a noun with two adjectives is one question.
void tree_queries(const Words& words, Index kind, std::vector<LabelledQuery>& out) {
  const RelationKind& r = relation_kinds[kind];
  std::map<Index, std::vector<Index>> partners;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Index dependent = static_cast<Index>(i), head = words[i].head;
    if (head < 0 || !is_relation(words[i].deprel, r.name) ||
        words[i].surface == words[static_cast<std::size_t>(head)].surface)
      continue;
    if (r.from_head && dependent < head) partners[head].push_back(dependent);
    if (!r.from_head && head < dependent) partners[dependent].push_back(head);
  }
  for (const auto& [from, to] : partners) out.push_back({kind, from, to, nearest_of(words, from, r.target)});
}

struct Mention {
  Index first = 0, last = 0, head = 0;
};

// "e7-person-2-ref:def": the third field, counted from 1; 1 where it is absent or no such number.
Index head_position(const std::string& body) {
  std::size_t at = body.find('-');
  if (at != std::string::npos) at = body.find('-', at + 1);
  Index n = 0;
  for (++at; at && at < body.size() && body[at] >= '0' && body[at] <= '9' && n < 1000; ++at)
    n = 10 * n + (body[at] - '0');
  return std::max<Index>(1, n);
}

// Chains by entity, mentions in the order of their first words. CorefUD 1.0, Entity=: "(e7--2-ref:def…"
// opens a mention of e7 whose head is its 2nd word, "e7)" closes it, "(e7--1-…)" does both.
std::map<std::string, std::vector<Mention>> chains(const Words& words) {
  std::map<std::string, std::vector<Mention>> done, open;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& s = words[i].entity;
    for (std::size_t at = 0; at < s.size();) {
      const bool opening = s[at] == '(';
      if (opening) ++at;
      const std::size_t end = std::min(s.find_first_of("()", at), s.size());
      const std::string body = s.substr(at, end - at), entity = body.substr(0, body.find('-'));
      const bool closing = end < s.size() && s[end] == ')';
      if (opening) {
        const Index nth = head_position(body);
        open[entity].push_back({static_cast<Index>(i), 0, static_cast<Index>(i) + nth - 1});
      }
      if (closing && !open[entity].empty()) {
        Mention m = open[entity].back();
        open[entity].pop_back();
        m.last = static_cast<Index>(i);
        m.head = std::min(m.head, m.last);
        done[entity].push_back(m);
      }
      at = closing ? end + 1 : end;
    }
  }
  return done;
}

// From every pronoun to the heads of all earlier mentions of its chain.
void chain_queries(const Words& words, Index kind, std::vector<LabelledQuery>& out) {
  for (const auto& chain : chains(words))
    for (const Mention& m : chain.second) {
      const ConlluWord& w = words[static_cast<std::size_t>(m.head)];
      if (m.first != m.last || (w.upos != "PRON" && w.upos != "DET")) continue;
      LabelledQuery q{kind, m.head, {}, nearest_of(words, m.head, relation_kinds[kind].target)};
      for (const Mention& earlier : chain.second)
        if (earlier.last < m.first) q.to.push_back(earlier.head);
      if (!q.to.empty()) out.push_back(std::move(q));
    }
}

}  // namespace

Passage passage_of(const ConlluSentence* first, const ConlluSentence* last, bool spaced) {
  Passage p;
  Words words;
  Index written = 0;
  for (const ConlluSentence* s = first; s != last; ++s) {
    const std::vector<ByteRange> ranges = append(p.text, *s, spaced);
    const Index before = static_cast<Index>(words.size());
    for (ConlluWord w : s->words) {
      p.words.push_back(ranges[static_cast<std::size_t>(w.surface)]);
      p.punctuation.push_back(w.upos == "PUNCT");
      if (w.head >= 0) w.head += before;
      w.surface += written;
      words.push_back(std::move(w));
    }
    written += static_cast<Index>(s->surface.size());
  }
  for (Index kind = 0; kind < relation_count; ++kind)
    if (std::strcmp(relation_kinds[kind].name, "coref") == 0)
      chain_queries(words, kind, p.queries);
    else
      tree_queries(words, kind, p.queries);
  return p;
}

}  // namespace attn::text
