#include "attn/analysis/pattern_fit.hpp"

#include <algorithm>
#include <cmath>

#include "attn/attention/pattern.hpp"
#include "attn/attention/scores.hpp"
#include "attn/math/random.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

void check(ConstView target, Index width) {
  const Shape& s = target.shape;
  if (s.rank() != 2 || s[0] != s[1] || s[0] < 1 || width < 1)
    throw ShapeError("fit_pattern: target " + to_string(s) + " of width " + std::to_string(width) +
                     "; need [n, n] and a width of at least 1");
  for (Index i = 0; i < s[0]; ++i) {
    double sum = 0;
    for (const Real p : target.sub(i)) sum += p >= 0 ? static_cast<double>(p) : NAN;
    if (!(std::abs(sum - 1) < 1e-4))
      throw ShapeError("fit_pattern: row " + std::to_string(i) + " of the target is not a distribution");
  }
}

// Adam without decay; no ModelConfig stands behind these parameters, so not the trainer's.
class Adam {
 public:
  explicit Adam(Index size) : m_(static_cast<std::size_t>(size)), v_(m_) {}
  void step(Tensor& w, const Tensor& g, Real rate) {
    ++t_;
    const Real c1 = 1 - std::pow(Real(0.9), static_cast<Real>(t_));
    const Real c2 = 1 - std::pow(Real(0.99), static_cast<Real>(t_));
    for (std::size_t i = 0; i < m_.size(); ++i) {
      m_[i] = Real(0.9) * m_[i] + Real(0.1) * g.data[i];
      v_[i] = Real(0.99) * v_[i] + Real(0.01) * g.data[i] * g.data[i];
      w.data[i] -= rate * (m_[i] / c1) / (std::sqrt(v_[i] / c2) + Real(1e-8));
    }
  }

 private:
  std::vector<Real> m_, v_;
  int t_ = 0;
};

Real loudness(const Tensor& q, const Tensor& k) {
  const Index n = q.shape[0], d = q.shape[1];
  const auto norm = [d](const Real* x) { return std::sqrt(vec::dot(x, x, d)); };
  Real longest = 0, sum = 0;
  for (Index j = 0; j < n; ++j) longest = std::max(longest, norm(k.data.data() + j * d));
  for (Index i = 0; i < n; ++i) sum += norm(q.data.data() + i * d);
  return sum / static_cast<Real>(n) * longest / std::sqrt(static_cast<Real>(d));
}

}  // namespace

Real pattern_divergence(ConstView target, ConstView pattern) {
  double total = 0;
  for (Index i = 0; i < target.size(); ++i)
    if (target[i] > 0) {
      const double p = target[i], a = std::max(static_cast<double>(pattern[i]), 1e-30);
      total += p * std::log(p / a);
    }
  return static_cast<Real>(total / static_cast<double>(target.shape[0]));
}

// #region fit-pattern
FittedPattern fit_pattern(ConstView target, const PatternFit& options) {
  check(target, options.width);
  const Index n = target.shape[0], d = options.width;
  const Real scale = 1 / std::sqrt(static_cast<Real>(d));
  const KeyMask everything;

  FittedPattern fit{Tensor({n, d}), Tensor({n, d}), Tensor({n, n})};
  Rng rng(options.seed);
  fill_normal(fit.query, rng, 1);
  fill_normal(fit.key, rng, 1);
  Tensor dq({n, d}), dk({n, d}), ds({n, n});
  Adam for_q(n * d), for_k(n * d);
  const Matrix q = as_matrix(fit.query.view()), k = as_matrix(fit.key.view()),
               a = as_matrix(fit.pattern.view());

  const auto forward = [&] {
    qk_scores(a, q, k, scale);            // 1. S = Q Kᵀ / √d
    masked_softmax(a, a, everything, 0);  // 2. A = softmax(S); nobody is masked
  };
  for (Index step = 0; step < options.steps; ++step) {
    forward();
    // backward 2, L = mean_i KL(P_i ‖ A_i): dS = (A − P) / n
    for (Index i = 0; i < n * n; ++i)
      ds.data[static_cast<std::size_t>(i)] =
          (fit.pattern.data[static_cast<std::size_t>(i)] - target[i]) / static_cast<Real>(n);
    // backward 1, S = Q Kᵀ / √d
    qk_scores_backward(as_matrix(dq.view()), Store::overwrite, as_matrix(dk.view()), Store::overwrite,
                       as_matrix(ds.view()), q, k, scale);
    const double done = static_cast<double>(step) / static_cast<double>(options.steps);
    const Real rate =
        options.learning_rate * static_cast<Real>(0.5 * (1 + std::cos(3.14159265358979323846 * done)));
    for_q.step(fit.query, dq, rate);
    for_k.step(fit.key, dk, rate);
  }
  forward();
  fit.divergence = pattern_divergence(target, fit.pattern);
  fit.scale = loudness(fit.query, fit.key);
  return fit;
}
// #endregion fit-pattern

// #region circle
Tensor circle_pattern(const std::vector<Index>& target, Real beta) {
  const Index n = static_cast<Index>(target.size());
  Tensor pattern({n, n});
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) {
      const double angle = 2 * 3.14159265358979323846 *
                           static_cast<double>(target[static_cast<std::size_t>(i)] - j) /
                           static_cast<double>(n);
      pattern.data[static_cast<std::size_t>(i * n + j)] =
          beta * static_cast<Real>(std::cos(angle));  // β⟨k_π(i), k_j⟩
    }
  const Matrix a = as_matrix(pattern.view());
  masked_softmax(a, a, KeyMask{}, 0);
  return pattern;
}
// #endregion circle

}  // namespace attn
