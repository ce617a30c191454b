#include "attn/analysis/head_scores.hpp"

#include <cmath>

namespace attn {

namespace {

// Mean of the rows that were counted; 0 when none was.
struct Mean {
  double sum = 0;
  Index rows = 0;
  void add(double x) {
    sum += x;
    ++rows;
  }
  Real value() const { return rows ? static_cast<Real>(sum / static_cast<double>(rows)) : Real(0); }
};

struct Means {
  Mean previous, current, first, duplicate, induction, entropy, entropy_ratio, distance;
};

// #region head-scores
// One query row: a[s] = A[t, s], s <= t; x: the tokens of the sequence.
void score_row(const Real* a, Index t, const TokenId* x, Means& m) {
  double duplicate = 0, induction = 0, entropy = 0, distance = 0;
  bool seen_before = false;
  for (Index s = 0; s <= t; ++s) {
    const double weight = static_cast<double>(a[s]);
    distance += weight * static_cast<double>(t - s);
    if (weight > 0) entropy -= weight * std::log(weight);
    if (s < t && x[s] == x[t]) {
      seen_before = true;
      duplicate += weight;                         // the same token, earlier
      induction += static_cast<double>(a[s + 1]);  // what followed it then
    }
  }
  m.current.add(static_cast<double>(a[t]));
  m.entropy.add(entropy);
  m.distance.add(distance);
  if (seen_before) {
    m.duplicate.add(duplicate);
    m.induction.add(induction);
  }
  if (t == 0) return;
  m.previous.add(static_cast<double>(a[t - 1]));
  m.first.add(static_cast<double>(a[0]));
  m.entropy_ratio.add(entropy / std::log(static_cast<double>(t + 1)));  // t + 1 visible keys
}
// #endregion

HeadScores finish(const Means& m, int layer, int head) {
  HeadScores s;
  s.layer = layer;
  s.head = head;
  s.previous = m.previous.value();
  s.current = m.current.value();
  s.first = m.first.value();
  s.duplicate = m.duplicate.value();
  s.induction = m.induction.value();
  s.entropy = m.entropy.value();
  s.entropy_ratio = m.entropy_ratio.value();
  s.distance = m.distance.value();
  return s;
}

Index length_of(const TokenBatch& batch, Index b) {
  return batch.lengths.empty() ? batch.length : batch.lengths[static_cast<std::size_t>(b)];
}

}  // namespace

std::vector<HeadScores> head_scores(const std::vector<Tensor>& patterns, const TokenBatch& batch) {
  const Index B = batch.batch, T = batch.length;
  std::vector<HeadScores> scores;
  for (std::size_t layer = 0; layer < patterns.size(); ++layer) {
    const Tensor& pattern = patterns[layer];  // [B, H, T, T]
    const Index H = pattern.shape.rank() == 4 ? pattern.shape[1] : 0;
    expect_shape("head_scores: pattern", pattern.shape, Shape{B, H, T, T});
    for (Index h = 0; h < H; ++h) {
      Means means;
      for (Index b = 0; b < B; ++b)
        for (Index t = 0; t < length_of(batch, b); ++t)
          score_row(pattern.data.data() + ((b * H + h) * T + t) * T, t, batch.tokens.data() + b * T, means);
      scores.push_back(finish(means, static_cast<int>(layer), static_cast<int>(h)));
    }
  }
  return scores;
}

std::vector<HeadScores> head_scores(const Model& model, const TokenBatch& batch) {
  std::vector<Tensor> patterns(static_cast<std::size_t>(model.config.layers));
  Hooks hooks;
  std::vector<Hooks::Scope> scopes;
  for (int layer = 0; layer < static_cast<int>(model.config.layers); ++layer)
    scopes.push_back(hooks.observe({Site::pattern, layer}, [&patterns](HookPoint point, ConstView value) {
      Tensor& copy = patterns[static_cast<std::size_t>(point.layer)];
      copy = Tensor(value.shape, std::vector<Real>(value.begin(), value.end()));
    }));
  Tape tape(Tape::Mode::inference);
  forward(tape, model, batch, ForwardOptions{&hooks, nullptr, nullptr});
  return head_scores(patterns, batch);
}

HeadScores uniform_baseline(const TokenBatch& batch) {
  Means means;
  std::vector<Real> row;
  for (Index b = 0; b < batch.batch; ++b)
    for (Index t = 0; t < length_of(batch, b); ++t) {
      row.assign(static_cast<std::size_t>(t + 1), Real(1) / static_cast<Real>(t + 1));
      score_row(row.data(), t, batch.tokens.data() + b * batch.length, means);
    }
  return finish(means, -1, -1);
}

TokenBatch random_repeat_batch(Index vocab, Index batch, Index half, Rng& rng) {
  TokenBatch out;
  out.batch = batch;
  out.length = 2 * half;
  out.tokens.resize(static_cast<std::size_t>(batch * out.length));
  for (Index b = 0; b < batch; ++b) {
    TokenId* x = out.tokens.data() + b * out.length;
    for (Index t = 0; t < half; ++t) x[t] = x[half + t] = static_cast<TokenId>(rng.below(vocab));
  }
  return out;
}

}  // namespace attn
