#include "attn/analysis/relations.hpp"

#include <algorithm>
#include <map>

namespace attn {

namespace {

constexpr int longest_offset = 10;

// [first token, last token] of every word; {-1, -1} for a word without tokens.
std::vector<std::pair<Index, Index>> spans(const WordLayout& layout) {
  std::vector<std::pair<Index, Index>> out(layout.punctuation.size(), {-1, -1});
  for (std::size_t t = 0; t < layout.word.size(); ++t) {
    if (layout.word[t] < 0) continue;
    auto& [first, last] = out[static_cast<std::size_t>(layout.word[t])];
    if (first < 0) first = static_cast<Index>(t);
    last = static_cast<Index>(t);
  }
  return out;
}

bool held_out(Index group) { return group % 2 != 0; }

double ratio(double a, Index n) { return n ? a / static_cast<double>(n) : 0; }

Estimate percentiles(double value, std::vector<double> draws) {
  std::sort(draws.begin(), draws.end());
  const auto at = [&draws](double p) {
    return draws[static_cast<std::size_t>(p * static_cast<double>(draws.size() - 1) + 0.5)];
  };
  return draws.empty() ? Estimate{value, value, value} : Estimate{value, at(0.025), at(0.975)};
}

}  // namespace

// #region word-attention
Tensor word_attention(const Tensor& pattern, const WordLayout& layout, FromWord from) {
  const Index T = static_cast<Index>(layout.word.size()), n = layout.words();
  const Index H = T ? pattern.size() / (T * T) : 0;
  if (pattern.size() != H * T * T) expect_shape("word_attention: pattern", pattern.shape, Shape{H, T, T});
  const auto span = spans(layout);
  Tensor words(Shape{H, n, n});
  for (Index h = 0; h < H; ++h)
    for (Index i = 0; i < n; ++i) {
      const auto [first, last] = span[static_cast<std::size_t>(i)];
      if (first < 0) continue;
      const Index start = from == FromWord::last ? last : first;
      Real* row = words.data.data() + (h * n + i) * n;
      Index pieces = 0;
      for (Index t = start; t <= last; ++t) {
        if (layout.word[static_cast<std::size_t>(t)] != i) continue;
        ++pieces;
        const Real* a = pattern.data.data() + (h * T + t) * T;
        for (Index s = 0; s < T; ++s)
          if (const Index j = layout.word[static_cast<std::size_t>(s)]; j >= 0) row[j] += a[s];
      }
      for (Index j = 0; j < n; ++j) row[j] /= static_cast<Real>(pieces);
    }
  return words;
}
// #endregion

// #region relation-hit
void RelationMeter::add(const std::vector<Tensor>& words, const std::vector<WordQuery>& queries,
                        const WordLayout& layout, Index group) {
  const auto span = spans(layout);
  const auto present = [&span](Index i) { return span[static_cast<std::size_t>(i)].first >= 0; };
  for (const WordQuery& q : queries) {
    std::vector<Index> to;
    for (Index j : q.to)
      if (j < q.from && present(j)) to.push_back(j);
    if (!present(q.from) || to.empty()) continue;
    Answer a;
    a.group = group;
    for (const Tensor& w : words) {
      const Index H = w.shape[0], n = w.shape[1];
      for (Index h = 0; h < H; ++h) {
        const Real* row = w.data.data() + (h * n + q.from) * n;
        const Index choice = std::max_element(row, row + q.from) - row;
        double mass = 0;
        for (Index j : to) mass += static_cast<double>(row[j]);
        a.hit.push_back(std::find(to.begin(), to.end(), choice) != to.end());
        a.mass.push_back(static_cast<float>(mass));
      }
    }
    if (static_cast<Index>(a.hit.size()) != heads_)
      throw ShapeError("RelationMeter: answers of " + std::to_string(a.hit.size()) + " heads, expected " +
                       std::to_string(heads_));
    double target_tokens = 0, candidates = 0;
    for (Index j = 0; j < q.from; ++j) candidates += present(j);
    for (Index j : to) {
      a.distance.push_back(q.from - j);
      target_tokens += static_cast<double>(std::count(layout.word.begin(), layout.word.end(), j));
    }
    a.nearest = std::find(to.begin(), to.end(), q.nearest) != to.end();
    a.chance = static_cast<double>(to.size()) / candidates;
    a.uniform = target_tokens / static_cast<double>(span[static_cast<std::size_t>(q.from)].second + 1);
    answers_.push_back(std::move(a));
  }
}
// #endregion

double RelationMeter::accuracy(Index head, bool held) const {
  Index hits = 0, n = 0;
  for (const Answer& a : answers_) {
    if (held_out(a.group) != held) continue;
    hits += a.hit[static_cast<std::size_t>(head)];
    ++n;
  }
  return ratio(static_cast<double>(hits), n);
}

double RelationMeter::offset_accuracy(int offset, bool held) const {
  Index hits = 0, n = 0;
  for (const Answer& a : answers_) {
    if (held_out(a.group) != held) continue;
    hits += std::find(a.distance.begin(), a.distance.end(), offset) != a.distance.end();
    ++n;
  }
  return ratio(static_cast<double>(hits), n);
}

RelationReport RelationMeter::report(int draws, Rng& rng) const {
  RelationReport r;
  r.queries = queries();
  const std::size_t H = static_cast<std::size_t>(heads_);
  // 1. Choose on the even half: the head and the offset.
  for (Index h = 1; h < heads_; ++h)
    if (accuracy(h, false) > accuracy(r.head, false)) r.head = static_cast<int>(h);
  for (int k = 2; k <= longest_offset; ++k)
    if (offset_accuracy(k, false) > offset_accuracy(r.offset, false)) r.offset = k;
  r.selected = heads_ ? accuracy(r.head, false) : 0;
  // 2. Report on the odd half.
  r.head_accuracy.assign(H, 0);
  r.head_mass.assign(H, 0);
  double nearest = 0, mass = 0;
  for (const Answer& a : answers_) {
    for (std::size_t h = 0; h < H; ++h) {
      r.head_accuracy[h] += a.hit[h];
      r.head_mass[h] += static_cast<double>(a.mass[h]);
    }
    if (!held_out(a.group)) continue;
    ++r.held_out;
    nearest += a.nearest;
    mass += static_cast<double>(a.mass[static_cast<std::size_t>(r.head)]);
    r.chance += a.chance;
    r.uniform_mass += a.uniform;
  }
  for (double& x : r.head_accuracy) x = ratio(x, r.queries);
  for (double& x : r.head_mass) x = ratio(x, r.queries);
  r.nearest_accuracy = ratio(nearest, r.held_out);
  r.mass = ratio(mass, r.held_out);
  r.chance = ratio(r.chance, r.held_out);
  r.uniform_mass = ratio(r.uniform_mass, r.held_out);
  r.offset_accuracy = offset_accuracy(r.offset, true);
  bootstrap(r, draws, rng);
  return r;
}

// Groups are drawn with replacement, all questions of a group together (a cluster bootstrap):
// questions of one sentence are not independent.
void RelationMeter::bootstrap(RelationReport& r, int draws, Rng& rng) const {
  struct Tally {
    double head = 0, offset = 0;
    Index n = 0;
  };
  std::map<Index, Tally> by_group;
  Tally all;
  for (const Answer& a : answers_) {
    if (!held_out(a.group)) continue;
    const double head = a.hit[static_cast<std::size_t>(r.head)];
    const double offset = std::find(a.distance.begin(), a.distance.end(), r.offset) != a.distance.end();
    for (Tally* t : {&by_group[a.group], &all}) {
      t->head += head;
      t->offset += offset;
      ++t->n;
    }
  }
  std::vector<Tally> groups;
  for (const auto& entry : by_group) groups.push_back(entry.second);
  std::vector<double> accuracy, gain;
  for (int i = 0; i < draws && !groups.empty(); ++i) {
    Tally sum;
    for (std::size_t k = 0; k < groups.size(); ++k) {
      const Tally& g = groups[static_cast<std::size_t>(rng.below(static_cast<Index>(groups.size())))];
      sum.head += g.head;
      sum.offset += g.offset;
      sum.n += g.n;
    }
    accuracy.push_back(ratio(sum.head, sum.n));
    gain.push_back(ratio(sum.head - sum.offset, sum.n));
  }
  r.accuracy = percentiles(ratio(all.head, all.n), std::move(accuracy));
  r.gain = percentiles(ratio(all.head - all.offset, all.n), std::move(gain));
}

}  // namespace attn
