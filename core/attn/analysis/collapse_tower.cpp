#include "attn/analysis/collapse_tower.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attn/math/random.hpp"

namespace attn {
namespace {

using Doubles = std::vector<double>;
std::size_t at(Index i) { return static_cast<std::size_t>(i); }

double dot(const double* a, const double* b, Index n) {
  double sum = 0;
  for (Index i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

void axpy(double a, const double* x, double* y, Index n) {
  for (Index i = 0; i < n; ++i) y[i] += a * x[i];
}

// What all rows of R have in common belongs to x.
void recentre(SplitStream& s) {
  Doubles common(at(s.width));
  for (Index t = 0; t < s.tokens; ++t)
    axpy(1 / static_cast<double>(s.tokens), &s.rest[at(t * s.width)], common.data(), s.width);
  axpy(1, common.data(), s.mean.data(), s.width);
  for (Index t = 0; t < s.tokens; ++t) axpy(-1, common.data(), &s.rest[at(t * s.width)], s.width);
}

SplitStream linear(const SplitStream& x, const Doubles& w) {
  const Index out = static_cast<Index>(w.size()) / x.width;
  SplitStream y{x.tokens, out, Doubles(at(out)), Doubles(at(x.tokens * out))};
  for (Index i = 0; i < x.width; ++i) axpy(x.mean[at(i)], &w[at(i * out)], y.mean.data(), out);
  for (Index t = 0; t < x.tokens; ++t)
    for (Index i = 0; i < x.width; ++i)
      axpy(x.rest[at(t * x.width + i)], &w[at(i * out)], &y.rest[at(t * out)], out);
  return y;
}

// p ← softmax(p) over n.
void softmax(double* p, Index n) {
  const double top = *std::max_element(p, p + n);
  double sum = 0;
  for (Index j = 0; j < n; ++j) sum += p[j] = std::exp(p[j] - top);
  for (Index j = 0; j < n; ++j) p[j] /= sum;
}

// #region shift
// A row of scores is a_j + b_j: a is what the mean token asks, the same in every row, b what this token adds.
// w = softmax(a); the row's weights are w_j + δ_j with δ_j = w_j (e^{b_j} - m) / m, m = Σ w_j e^{b_j}.
// With e^b = 1 + expm1(b) the ones cancel on paper, and δ keeps its digits however small b is.
void shift(const Doubles& a, const Doubles& b, Index n, Doubles& w, Doubles& delta) {
  std::copy(a.begin(), a.begin() + n, w.begin());
  softmax(w.data(), n);
  double largest = 0, mean = 0;
  for (Index j = 0; j < n; ++j) largest = std::max(largest, std::abs(b[at(j)]));
  if (largest > 1) {  // nothing to lose, and e^b could overflow
    for (Index j = 0; j < n; ++j) delta[at(j)] = a[at(j)] + b[at(j)];
    softmax(delta.data(), n);
    for (Index j = 0; j < n; ++j) delta[at(j)] -= w[at(j)];
    return;
  }
  for (Index j = 0; j < n; ++j) mean += w[at(j)] * (delta[at(j)] = std::expm1(b[at(j)]));
  for (Index j = 0; j < n; ++j) delta[at(j)] = w[at(j)] * (delta[at(j)] - mean) / (1 + mean);
}
// #endregion

struct ScoreSums {
  double ratios = 0, largest = 0;
  Index rows = 0;
};

void count(const Doubles& w, const Doubles& delta, Index n, ScoreSums& sums) {
  if (n < 2) return;
  double entropy = 0;
  for (Index j = 0; j < n; ++j) {
    const double p = w[at(j)] + delta[at(j)];
    if (p > 0) entropy -= p * std::log(p);
  }
  sums.ratios += entropy / std::log(static_cast<double>(n));
  ++sums.rows;
}

// #region split-head
// z_i = Σ_j A_ij v_j with v_j = v + V_j: v whole, since rows sum to one; Σ w_j V_j, which without a mask is
// the same for all rows and goes to the mean; Σ δ_ij V_j, which is all that is left to tell the tokens apart.
void split_head(const SplitStream& q, const SplitStream& k, const SplitStream& v, Index h,
                const TowerConfig& c, SplitStream& z, ScoreSums& sums) {
  const Index T = q.tokens, D = q.width, d = D / c.heads, first = h * d;
  const double scale = c.qk_scale / std::sqrt(static_cast<double>(d));
  Doubles a(at(T)), b(at(T)), w(at(T)), delta(at(T));
  for (Index j = 0; j < T; ++j) a[at(j)] = scale * dot(&q.mean[at(first)], &k.rest[at(j * D + first)], d);
  for (Index i = 0; i < T; ++i) {
    const Index seen = c.causal ? i + 1 : T;
    const double* own = &q.rest[at(i * D + first)];
    const double to_mean = scale * (dot(own, &k.mean[at(first)], d) +
                                    dot(&q.mean[at(first)], &k.mean[at(first)], d));  // constant in j
    for (Index j = 0; j < seen; ++j) {
      b[at(j)] = scale * dot(own, &k.rest[at(j * D + first)], d);
      sums.largest = std::max(sums.largest, std::abs(a[at(j)] + b[at(j)] + to_mean));
    }
    shift(a, b, seen, w, delta);
    count(w, delta, seen, sums);
    double* out = &z.rest[at(i * D + first)];
    for (Index j = 0; j < seen; ++j) {
      const double* from = &v.rest[at(j * D + first)];
      axpy(delta[at(j)], from, out, d);
      if (c.causal) axpy(w[at(j)], from, out, d);
      if (!c.causal && i == 0) axpy(w[at(j)], from, &z.mean[at(first)], d);
    }
  }
}
// #endregion

void add(SplitStream& x, double skip, const SplitStream& update) {
  for (std::size_t i = 0; i < x.mean.size(); ++i) x.mean[i] = skip * x.mean[i] + update.mean[i];
  for (std::size_t i = 0; i < x.rest.size(); ++i) x.rest[i] = skip * x.rest[i] + update.rest[i];
}

Doubles normal(Index rows, Index columns, double stddev, Rng& rng) {
  Doubles w(at(rows * columns));
  for (double& x : w) x = stddev * rng.normal();
  return w;
}

// √(‖X‖₁ ‖X‖_∞) of [T, D]; the root first, or 1e-200 squared would be nothing.
double composite_norm(const Doubles& x, Index T, Index D) {
  double rows = 0, columns = 0;
  for (Index t = 0; t < T; ++t) {
    double sum = 0;
    for (Index i = 0; i < D; ++i) sum += std::abs(x[at(t * D + i)]);
    rows = std::max(rows, sum);
  }
  for (Index i = 0; i < D; ++i) {
    double sum = 0;
    for (Index t = 0; t < T; ++t) sum += std::abs(x[at(t * D + i)]);
    columns = std::max(columns, sum);
  }
  return std::sqrt(rows) * std::sqrt(columns);
}

TowerFloor look(const SplitStream& s) {
  const Index T = s.tokens, D = s.width;
  TowerFloor out;
  Doubles whole(s.rest), norms(at(T));
  for (Index t = 0; t < T; ++t) axpy(1, s.mean.data(), &whole[at(t * D)], D);
  out.log10_residual = std::log10(composite_norm(s.rest, T, D)) - std::log10(composite_norm(whole, T, D));
  for (Index t = 0; t < T; ++t) norms[at(t)] = std::sqrt(dot(&whole[at(t * D)], &whole[at(t * D)], D));
  double sum = 0;
  for (Index i = 0; i < T; ++i)
    for (Index j = 0; j < T; ++j) {
      const double cosine = dot(&whole[at(i * D)], &whole[at(j * D)], D) / (norms[at(i)] * norms[at(j)]);
      out.cosines.push_back(static_cast<float>(cosine));
      if (i != j) sum += cosine;
    }
  out.mean_cosine = sum / static_cast<double>(T * (T - 1));
  out.entropy_ratio = std::numeric_limits<double>::quiet_NaN();
  return out;
}

// f around which a skip goes, normalised where the config says so.
template <class F>
void sublayer(SplitStream& x, const TowerConfig& c, F f) {
  const SplitStream update = f(c.norm == TowerNorm::pre ? split_layer_norm(x) : x);
  add(x, c.skip, update);
  recentre(x);
  if (c.norm == TowerNorm::post) x = split_layer_norm(x);
}

// Attention and MLP draw from streams of their own, so that switching one leaves the other's weights.
TowerScores block(SplitStream& x, const TowerConfig& c, Index layer) {
  const Index D = c.width;
  const double deviation = 1 / std::sqrt(static_cast<double>(D));
  Rng attention(c.seed, static_cast<std::uint64_t>(2 * layer + 1)),
      mlp(c.seed, static_cast<std::uint64_t>(2 * layer + 2));
  TowerWeights w;
  for (Doubles* matrix : {&w.query, &w.key, &w.value, &w.output})
    *matrix = normal(D, D, deviation, attention);
  TowerScores scores;
  sublayer(x, c, [&](const SplitStream& in) { return split_attention(in, w, c, &scores); });
  if (!c.mlp) return scores;
  const Doubles in_weights = normal(D, 4 * D, deviation, mlp),
                out_weights = normal(4 * D, D, deviation / 2, mlp);
  sublayer(x, c,
           [&](const SplitStream& in) { return linear(split_relu(linear(in, in_weights)), out_weights); });
  return scores;
}

}  // namespace

SplitStream split_attention(const SplitStream& x, const TowerWeights& w, const TowerConfig& c,
                            TowerScores* scores) {
  const SplitStream q = linear(x, w.query), k = linear(x, w.key), v = linear(x, w.value);
  SplitStream z{x.tokens, x.width, v.mean, Doubles(v.rest.size())};
  ScoreSums sums;
  for (Index h = 0; h < c.heads; ++h) split_head(q, k, v, h, c, z, sums);
  if (scores && sums.rows) *scores = {sums.ratios / static_cast<double>(sums.rows), sums.largest};
  SplitStream out = linear(z, w.output);
  recentre(out);
  return out;
}

// 1/σ_t - 1/σ is taken from σ_t² - σ², and that from R: both deviations are nearly equal.
SplitStream split_layer_norm(const SplitStream& x) {
  const Index D = x.width;
  const double n = static_cast<double>(D), epsilon = 1e-5;
  const auto centre = [&](double* row) {
    double mean = 0;
    for (Index i = 0; i < D; ++i) mean += row[i] / n;
    for (Index i = 0; i < D; ++i) row[i] -= mean;
  };
  SplitStream y = x;
  centre(y.mean.data());
  const double variance = dot(y.mean.data(), y.mean.data(), D) / n + epsilon, sigma = std::sqrt(variance);
  for (Index t = 0; t < x.tokens; ++t) {
    double* row = &y.rest[at(t * D)];
    centre(row);
    const double more = (2 * dot(y.mean.data(), row, D) + dot(row, row, D)) / n;  // σ_t² - σ²
    const double own = std::sqrt(std::max(variance + more, epsilon));
    const double change = -more / ((sigma + own) * sigma * own);
    for (Index i = 0; i < D; ++i) row[i] = row[i] / own + y.mean[at(i)] * change;
  }
  for (double& v : y.mean) v /= sigma;
  recentre(y);
  return y;
}

// relu(u + r) - relu(u), by cases: exact.
SplitStream split_relu(const SplitStream& x) {
  SplitStream y = x;
  for (Index t = 0; t < x.tokens; ++t)
    for (Index i = 0; i < x.width; ++i) {
      const double u = x.mean[at(i)], r = x.rest[at(t * x.width + i)], sum = u + r;
      y.rest[at(t * x.width + i)] = u > 0 ? (sum > 0 ? r : -u) : std::max(sum, 0.0);
    }
  for (double& u : y.mean) u = std::max(u, 0.0);
  recentre(y);
  return y;
}

std::vector<TowerFloor> collapse_tower(const TowerConfig& c) {
  if (c.heads < 1 || c.width % c.heads) throw ShapeError("a tower's heads must divide its width");
  if (c.tokens < 2) throw ShapeError("a tower needs two tokens to compare");
  Rng rng(c.seed, 0);
  SplitStream x{c.tokens, c.width, Doubles(at(c.width)), normal(c.tokens, c.width, 1, rng)};
  recentre(x);
  std::vector<TowerFloor> floors{look(x)};
  for (Index layer = 0; layer < c.layers; ++layer) {
    const TowerScores scores = block(x, c, layer);
    floors.push_back(look(x));
    floors.back().entropy_ratio = scores.entropy_ratio;
    floors.back().largest_score = scores.largest;
  }
  return floors;
}

}  // namespace attn
