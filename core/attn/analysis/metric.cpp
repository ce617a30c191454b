#include "attn/analysis/metric.hpp"

#include <algorithm>
#include <cmath>

#include "attn/math/softmax.hpp"

namespace attn {
namespace {

Index row_of(const Answer& a, const Shape& logits) {
  const Index B = logits[0], T = logits[1], V = logits[2];
  if (a.sequence < 0 || a.sequence >= B || a.position < 0 || a.position >= T || a.right < 0 || a.right >= V ||
      a.wrong >= V)
    throw ShapeError("metric: sequence " + std::to_string(a.sequence) + ", position " +
                     std::to_string(a.position) + ", tokens " + std::to_string(a.right) + " and " +
                     std::to_string(a.wrong) + " do not lie in logits " + to_string(logits));
  return (a.sequence * T + a.position) * V;
}

double log_probability(const Real* x, Index V, TokenId token) {
  return static_cast<double>(x[token]) - static_cast<double>(log_sum_exp(x, V));
}

double mean_of(const Real* x, Index V) {
  double sum = 0;
  for (Index v = 0; v < V; ++v) sum += static_cast<double>(x[v]);
  return sum / static_cast<double>(V);
}

double value_at(const Metric& metric, const Answer& a, ConstView logits) {
  const Real* x = logits.data + row_of(a, logits.shape);
  const Index V = logits.shape[2];
  switch (metric.kind) {
    case Metric::Kind::loss: return -log_probability(x, V, a.right);
    case Metric::Kind::probability: return std::exp(log_probability(x, V, a.right));
    case Metric::Kind::centred_logit: return static_cast<double>(x[a.right]) - mean_of(x, V);
    case Metric::Kind::logit_difference: break;
  }
  return static_cast<double>(x[a.right]) - (a.wrong >= 0 ? static_cast<double>(x[a.wrong]) : 0);
}

// dx += factor · d value / dx for one row of V logits.
void value_backward(const Metric& metric, const Answer& a, const Real* x, Index V, double factor, Real* dx) {
  if (metric.kind == Metric::Kind::logit_difference) {
    dx[a.right] += static_cast<Real>(factor);
    if (a.wrong >= 0) dx[a.wrong] -= static_cast<Real>(factor);
    return;
  }
  if (metric.kind == Metric::Kind::centred_logit) {
    for (Index v = 0; v < V; ++v) dx[v] -= static_cast<Real>(factor / static_cast<double>(V));
    dx[a.right] += static_cast<Real>(factor);
    return;
  }
  // forward: loss = -log p_r, so dloss/dx = p - e_r; and dp_r/dx = -p_r (p - e_r)
  const double lse = static_cast<double>(log_sum_exp(x, V));
  const double p_right = std::exp(static_cast<double>(x[a.right]) - lse);
  const double scale = metric.kind == Metric::Kind::loss ? factor : -factor * p_right;
  for (Index v = 0; v < V; ++v) dx[v] += static_cast<Real>(scale * std::exp(static_cast<double>(x[v]) - lse));
  dx[a.right] -= static_cast<Real>(scale);
}

}  // namespace

Real measure(const Metric& metric, ConstView logits) {
  if (metric.answers.empty()) throw ShapeError("a metric needs at least one answer");
  double sum = 0;
  for (const Answer& a : metric.answers) sum += value_at(metric, a, logits);
  return static_cast<Real>(sum / static_cast<double>(metric.answers.size()));
}

Real accuracy(const Metric& metric, ConstView logits) {
  if (metric.answers.empty()) throw ShapeError("a metric needs at least one answer");
  const Index V = logits.shape[-1];
  double right = 0;
  for (const Answer& a : metric.answers) {
    const Real* x = logits.data + row_of(a, logits.shape);
    right += std::max_element(x, x + V) - x == a.right;
  }
  return static_cast<Real>(right / static_cast<double>(metric.answers.size()));
}

Var measure(Tape& tape, Var logits, const Metric& metric) {
  const Var out = tape.result({}, tape.needs_grad(logits));
  tape.mutable_value(out)[0] = measure(metric, tape.value(logits));
  tape.on_backward(out, [out, logits, m = &metric](Tape& t) {
    const double factor = static_cast<double>(t.grad(out)[0]) / static_cast<double>(m->answers.size());
    const ConstView x = t.value(logits);
    const View dx = t.grad(logits);
    for (const Answer& a : m->answers) {
      const Index row = row_of(a, x.shape);
      value_backward(*m, a, x.data + row, x.shape[2], factor, dx.data + row);
    }
  });
  return out;
}

Metric next_token_loss(const TokenBatch& batch) {
  Metric m;
  m.kind = Metric::Kind::loss;
  for (Index b = 0; b < batch.batch; ++b) {
    const Index length = batch.lengths.empty() ? batch.length : batch.lengths[static_cast<std::size_t>(b)];
    for (Index t = 0; t + 1 < length; ++t)
      m.answers.push_back({b, t, batch.tokens[static_cast<std::size_t>(b * batch.length + t + 1)], -1});
  }
  return m;
}

}  // namespace attn
