#include "attn/text/conllu.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "attn/io/utf8.hpp"

namespace attn::text {

namespace {

constexpr std::size_t columns = 10;
enum Column : std::size_t { id, form, lemma, upos, xpos, feats, head, deprel, deps, misc };
using Row = std::array<std::string_view, columns>;

// Digits without sign or leading zero ("0" itself is allowed), at most nine of them.
std::optional<Index> whole(std::string_view s) {
  if (s.empty() || s.size() > 9 || (s[0] == '0' && s.size() > 1)) return std::nullopt;
  Index n = 0;
  for (char c : s) {
    if (c < '0' || c > '9') return std::nullopt;
    n = 10 * n + (c - '0');
  }
  return n;
}

bool starts_with(std::string_view s, std::string_view prefix) { return s.substr(0, prefix.size()) == prefix; }

std::string_view after(std::string_view s, char separator) {
  const std::size_t at = s.find(separator);
  return at == std::string_view::npos ? std::string_view() : s.substr(at + 1);
}

// The value of `key` in "A=1|B=2"; nullopt if absent.
std::optional<std::string_view> field(std::string_view misc, std::string_view key) {
  while (!misc.empty()) {
    const std::string_view part = misc.substr(0, misc.find('|'));
    if (part.size() > key.size() && starts_with(part, key) && part[key.size()] == '=')
      return part.substr(key.size() + 1);
    misc = after(misc, '|');
  }
  return std::nullopt;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<ConlluSentence>> run() {
    if (const std::size_t bad = io::first_invalid_utf8(text_); bad != text_.size())
      return Error{ErrorCode::malformed, "byte " + std::to_string(bad) + " is not UTF-8"};
    while (at_ < text_.size()) {
      const std::size_t end = std::min(text_.find('\n', at_), text_.size());
      const std::string_view line = text_.substr(at_, end - at_);
      at_ = end + 1;
      ++line_;
      if (!take(line)) return Error{ErrorCode::malformed, "line " + std::to_string(line_) + ": " + problem_};
    }
    if (!close()) return Error{ErrorCode::malformed, "line " + std::to_string(line_) + ": " + problem_};
    return std::move(sentences_);
  }

 private:
  bool wrong(std::string what) {
    problem_ = std::move(what);
    return false;
  }

  bool take(std::string_view line) {
    if (!line.empty() && line.back() == '\r') return wrong("ends in CR; lines end in LF alone");
    if (line.empty()) return close();
    if (line[0] == '#') return comment(line);
    Row row;
    std::size_t n = 0, from = 0;
    for (;; ++n) {
      const std::size_t tab = line.find('\t', from);
      if (n < columns) row[n] = line.substr(from, tab - from);
      if (tab == std::string_view::npos) break;
      from = tab + 1;
    }
    if (n + 1 != columns) return wrong("expected 10 columns separated by tabs, got " + std::to_string(n + 1));
    for (std::size_t c = 0; c < columns; ++c)
      if (row[c].empty()) return wrong("column " + std::to_string(c + 1) + " is empty; an absent value is _");
    if (row[id].find('-') != std::string_view::npos) return range(row);
    if (row[id].find('.') != std::string_view::npos) return empty_node(row);
    return word(row);
  }

  bool comment(std::string_view line) {
    if (!now_.words.empty()) return wrong("a comment inside a sentence");
    if (starts_with(line, "# newdoc")) now_.new_document = true;
    if (starts_with(line, "# sent_id =")) {
      const std::string_view value = after(line, '=');
      now_.id = std::string(value.substr(std::min(value.find_first_not_of(' '), value.size())));
    }
    return true;
  }

  // "3-4": the next words share one written form.
  bool range(const Row& row) {
    const std::size_t dash = row[id].find('-');
    const auto first = whole(row[id].substr(0, dash)), last = whole(row[id].substr(dash + 1));
    const Index next = static_cast<Index>(now_.words.size()) + 1;
    if (!first || !last || *last <= *first || *first != next || next <= range_end_)
      return wrong("multiword range " + std::string(row[id]) + " does not fit before word " +
                   std::to_string(next));
    range_end_ = *last;
    surface(row);
    return true;
  }

  // "8.1": present in enhanced trees only; it stands after word 8 and is not written.
  bool empty_node(const Row& row) {
    const std::size_t dot = row[id].find('.');
    const auto major = whole(row[id].substr(0, dot)), minor = whole(row[id].substr(dot + 1));
    if (!major || !minor || *minor < 1 || *major != static_cast<Index>(now_.words.size()))
      return wrong("empty node " + std::string(row[id]) + " is out of order");
    return true;
  }

  bool word(const Row& row) {
    const Index next = static_cast<Index>(now_.words.size()) + 1;
    if (whole(row[id]) != std::optional<Index>(next))
      return wrong("expected word " + std::to_string(next) + ", got " + std::string(row[id]));
    ConlluWord w;
    w.form = std::string(row[form]);
    if (row[upos] != "_") w.upos = std::string(row[upos]);
    if (row[deprel] != "_") w.deprel = std::string(row[deprel]);
    if (row[head] != "_") {
      const auto h = whole(row[head]);
      if (!h || *h == next)
        return wrong("head " + std::string(row[head]) + " is not another word's number or 0");
      w.head = *h - 1;
    }
    if (const auto entity = field(row[misc], "Entity")) w.entity = std::string(*entity);
    if (next > range_end_) surface(row);
    w.surface = static_cast<Index>(now_.surface.size()) - 1;
    now_.words.push_back(std::move(w));
    return true;
  }

  void surface(const Row& row) {
    now_.surface.push_back({std::string(row[form]), field(row[misc], "SpaceAfter").value_or("") != "No"});
  }

  // The end of a sentence: heads must be inside it, ranges complete.
  bool close() {
    if (now_.words.empty()) return now_.surface.empty() || wrong("a multiword range without its words");
    const Index n = static_cast<Index>(now_.words.size());
    if (range_end_ > n) return wrong("a multiword range ends after the last word");
    for (const ConlluWord& w : now_.words)
      if (w.head >= n)
        return wrong("head " + std::to_string(w.head + 1) + " in a sentence of " + std::to_string(n) +
                     " words");
    sentences_.push_back(std::move(now_));
    now_ = {};
    range_end_ = 0;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Index line_ = 0, range_end_ = 0;
  std::string problem_;
  ConlluSentence now_;
  std::vector<ConlluSentence> sentences_;
};

}  // namespace

Result<std::vector<ConlluSentence>> parse_conllu(std::string_view text) { return Parser(text).run(); }

}  // namespace attn::text
