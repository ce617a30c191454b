#include "attn/analysis/head_scores.hpp"

#include <cmath>

#include "attn/analysis/activations.hpp"

namespace attn {

// #region head-scores
void HeadScoreMeans::add_row(const Real* a, Index t, const TokenId* x) {
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
  current_.add(static_cast<double>(a[t]));
  entropy_.add(entropy);
  distance_.add(distance);
  if (seen_before) {
    duplicate_.add(duplicate);
    induction_.add(induction);
  }
  if (t == 0) return;
  previous_.add(static_cast<double>(a[t - 1]));
  first_.add(static_cast<double>(a[0]));
  entropy_ratio_.add(entropy / std::log(static_cast<double>(t + 1)));  // t + 1 visible keys
}
// #endregion

HeadScores HeadScoreMeans::value(int layer, int head) const {
  HeadScores s;
  s.layer = layer;
  s.head = head;
  s.previous = previous_.value();
  s.current = current_.value();
  s.first = first_.value();
  s.duplicate = duplicate_.value();
  s.induction = induction_.value();
  s.entropy = entropy_.value();
  s.entropy_ratio = entropy_ratio_.value();
  s.distance = distance_.value();
  return s;
}

namespace {

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
      HeadScoreMeans means;
      for (Index b = 0; b < B; ++b)
        for (Index t = 0; t < length_of(batch, b); ++t)
          means.add_row(pattern.data.data() + ((b * H + h) * T + t) * T, t, batch.tokens.data() + b * T);
      scores.push_back(means.value(static_cast<int>(layer), static_cast<int>(h)));
    }
  }
  return scores;
}

std::vector<HeadScores> head_scores(const Model& model, const TokenBatch& batch) {
  const std::vector<HookPoint> points = in_every_layer(model, Site::pattern);
  const Activations run = record(model, batch, points);
  std::vector<Tensor> patterns;
  for (HookPoint point : points) patterns.push_back(run.at(point));
  return head_scores(patterns, batch);
}

HeadScores uniform_baseline(const TokenBatch& batch) {
  HeadScoreMeans means;
  std::vector<Real> row;
  for (Index b = 0; b < batch.batch; ++b)
    for (Index t = 0; t < length_of(batch, b); ++t) {
      row.assign(static_cast<std::size_t>(t + 1), Real(1) / static_cast<Real>(t + 1));
      means.add_row(row.data(), t, batch.tokens.data() + b * batch.length);
    }
  return means.value(-1, -1);
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
