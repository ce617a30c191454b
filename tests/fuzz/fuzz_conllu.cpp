// Any bytes are either refused or read; what is read makes text whose words lie inside it, in order,
// and questions that look back.
#include <cstdlib>

#include "attn/text/labelled.hpp"

using attn::Index;

namespace {

void check(bool ok) {
  if (!ok) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = attn::text::parse_conllu({reinterpret_cast<const char*>(data), size});
  if (!parsed.ok()) return 0;
  for (const bool spaced : {false, true}) {
    const attn::text::Passage p =
        attn::text::passage_of(parsed->data(), parsed->data() + parsed->size(), spaced);
    check(p.words.size() == p.punctuation.size());
    Index before = 0;
    for (const attn::text::ByteRange& w : p.words) {
      check(w.begin >= before && w.end >= w.begin && w.end <= static_cast<Index>(p.text.size()));
      before = w.begin;
    }
    for (const attn::text::LabelledQuery& q : p.queries) {
      check(!q.to.empty() && q.from < static_cast<Index>(p.words.size()) && q.nearest < q.from);
      for (const Index j : q.to) check(j >= 0 && j < q.from);
    }
  }
  return 0;
}
