#include "attn/analysis/probe.hpp"

#include <algorithm>
#include <cmath>

#include "attn/math/matmul.hpp"
#include "attn/math/softmax.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

void check(ConstView x, const std::vector<Index>& labels, Index classes) {
  if (x.shape.rank() != 2 || x.shape[0] != static_cast<Index>(labels.size()) || classes < 1)
    throw ShapeError("a probe needs [N, D] and N labels, got " + to_string(x.shape) + " and " +
                     std::to_string(labels.size()));
  for (Index label : labels)
    if (label < 0 || label >= classes)
      throw ShapeError("label " + std::to_string(label) + " of " + std::to_string(classes) + " classes");
}

// x with a column of ones, so that the bias is one more row of the weights: [N, D + 1].
Tensor with_ones(ConstView x) {
  const Index N = x.shape[0], D = x.shape[1];
  Tensor out(Shape{N, D + 1});
  for (Index n = 0; n < N; ++n) {
    vec::copy(x.data + n * D, out.data.data() + n * (D + 1), D);
    out.view()[n * (D + 1) + D] = 1;
  }
  return out;
}

// Largest eigenvalue of XᵀX / N by power iteration, a little enlarged: it bounds the curvature.
double curvature(const Tensor& x) {
  const Index N = x.shape[0], D = x.shape[1];
  std::vector<Real> v(at(D), 1), u(at(N));
  double value = 0;
  for (int i = 0; i < 30; ++i) {
    matmul(Matrix(u.data(), N, 1), as_matrix(x.view()), ConstMatrix(v.data(), D, 1));
    matmul(Matrix(v.data(), D, 1), as_matrix(x.view()).transposed(), ConstMatrix(u.data(), N, 1));
    const double norm = std::sqrt(static_cast<double>(vec::sum_squares(v.data(), D)));
    if (!(norm > 0)) break;
    value = norm / static_cast<double>(N);
    vec::scale(static_cast<Real>(1 / norm), v.data(), v.data(), D);
  }
  return 1.1 * value;
}

// ∂/∂W of the mean loss + λ/2 ‖W without its last row‖²: g [D + 1, C]; p: room for [N, C].
void gradient(Tensor& g, Tensor& p, const Tensor& w, const Tensor& x, const std::vector<Index>& labels,
              Real ridge) {
  const Index N = x.shape[0], C = w.shape[1];
  matmul(as_matrix(p.view()), as_matrix(x.view()), as_matrix(w.view()));
  for (Index n = 0; n < N; ++n) {
    softmax_row(p.data.data() + n * C, C);
    p.view()[n * C + labels[at(n)]] -= 1;  // p - onehot
  }
  matmul(as_matrix(g.view()), as_matrix(x.view()).transposed(), as_matrix(p.view()), Store::overwrite,
         1 / static_cast<Real>(N));
  vec::axpy(ridge, w.data.data(), g.data.data(), w.size() - C);
}

double label_nats(const Probe& probe, const Real* x, Index label, bool* right) {
  const Index D = probe.weights.shape[0], C = probe.weights.shape[1];
  std::vector<Real> logits = probe.bias;
  for (Index i = 0; i < D; ++i) vec::axpy(x[i], probe.weights.data.data() + i * C, logits.data(), C);
  const Index best = std::max_element(logits.begin(), logits.end()) - logits.begin();
  if (right) *right = best == label;
  return static_cast<double>(log_sum_exp(logits.data(), C)) - static_cast<double>(logits[at(label)]);
}

}  // namespace

// #region probe
Probe fit_probe(ConstView x, const std::vector<Index>& labels, Index classes, const ProbeOptions& options) {
  check(x, labels, classes);
  const Tensor inputs = with_ones(x);
  const Index rows = inputs.shape[1], C = classes;
  Tensor w(Shape{rows, C}), ahead = w, before = w, g = w, p(Shape{inputs.shape[0], C});
  // The softmax bends by at most ½ along any direction.
  const Real step =
      static_cast<Real>(1 / (0.5 * curvature(inputs) + static_cast<double>(options.ridge) + 1e-12));
  double t = 1;
  for (Index k = 0; k < options.steps; ++k) {
    gradient(g, p, ahead, inputs, labels, options.ridge);
    before = w;
    w = ahead;
    vec::axpy(-step, g.data.data(), w.data.data(), w.size());
    // Momentum against the slope starts over (O'Donoghue & Candès 2015).
    double against = 0;
    for (Index i = 0; i < w.size(); ++i)
      against += static_cast<double>(g.view()[i]) *
                 (static_cast<double>(w.view()[i]) - static_cast<double>(before.view()[i]));
    const double next = against > 0 ? 1 : (1 + std::sqrt(1 + 4 * t * t)) / 2;
    const Real momentum = against > 0 ? Real(0) : static_cast<Real>((t - 1) / next);
    for (Index i = 0; i < w.size(); ++i)
      ahead.view()[i] = w.view()[i] + momentum * (w.view()[i] - before.view()[i]);
    t = next;
  }
  Probe out{Tensor(Shape{rows - 1, C}), std::vector<Real>(w.data.end() - C, w.data.end())};
  std::copy(w.data.begin(), w.data.end() - C, out.weights.data.begin());
  return out;
}
// #endregion

ProbeScore evaluate(const Probe& probe, ConstView x, const std::vector<Index>& labels) {
  check(x, labels, probe.weights.shape[1]);
  double nats = 0, right = 0;
  for (Index n = 0; n < x.shape[0]; ++n) {
    bool hit = false;
    nats += label_nats(probe, x.data + n * x.shape[1], labels[at(n)], &hit);
    right += hit;
  }
  const double N = std::max(1.0, static_cast<double>(x.shape[0]));
  return {static_cast<Real>(right / N), static_cast<Real>(nats / N)};
}

std::vector<Index> control_labels(const std::vector<Index>& types, const std::vector<Index>& labels,
                                  Rng& rng) {
  if (types.size() != labels.size() || labels.empty())
    throw ShapeError("a control task needs as many word types as labels");
  std::vector<Index> label_of(at(*std::max_element(types.begin(), types.end()) + 1));
  for (Index& label : label_of) label = labels[at(rng.below(static_cast<Index>(labels.size())))];
  std::vector<Index> out;
  for (Index type : types) out.push_back(label_of[at(type)]);
  return out;
}

Real selectivity(const ProbeScore& task, const ProbeScore& control) {
  return task.accuracy - control.accuracy;
}

// #region online-code
OnlineCode online_code(ConstView x, const std::vector<Index>& labels, Index classes,
                       const ProbeOptions& options) {
  check(x, labels, classes);
  const Index N = x.shape[0], D = x.shape[1];
  const double bits_by_guess = std::log2(static_cast<double>(classes));
  double bits = 0;
  Index sent = 0;
  for (double part : {0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.0625, 0.125, 0.25, 0.5, 1.0}) {
    const Index end = static_cast<Index>(std::floor(part * static_cast<double>(N)));
    if (end <= sent) continue;
    if (sent == 0) {
      bits += static_cast<double>(end) * bits_by_guess;
    } else {
      const Probe probe =
          fit_probe({x.data, Shape{sent, D}}, {labels.begin(), labels.begin() + sent}, classes, options);
      for (Index n = sent; n < end; ++n)
        bits += label_nats(probe, x.data + n * D, labels[at(n)], nullptr) / std::log(2.0);
    }
    sent = end;
  }
  const double uniform = static_cast<double>(N) * bits_by_guess;
  return {static_cast<Real>(bits), static_cast<Real>(uniform),
          static_cast<Real>(bits > 0 ? uniform / bits : 0)};
}
// #endregion

}  // namespace attn
