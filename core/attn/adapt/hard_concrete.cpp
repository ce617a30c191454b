#include "attn/adapt/hard_concrete.hpp"

#include <algorithm>
#include <cmath>

namespace attn {
namespace {

double d(Real x) { return static_cast<double>(x); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double concrete(const HardConcrete& g, Real log_alpha, Real u) {  // s
  return sigmoid((std::log(d(u)) - std::log1p(-d(u)) + d(log_alpha)) / d(g.beta));
}

double stretched(const HardConcrete& g, double s) { return s * (d(g.high) - d(g.low)) + d(g.low); }

double open_logit(const HardConcrete& g, Real log_alpha) {
  return d(log_alpha) - d(g.beta) * std::log(-d(g.low) / d(g.high));
}

Real clipped(double x) { return static_cast<Real>(std::min(1.0, std::max(0.0, x))); }

}  // namespace

Real hard_concrete(const HardConcrete& gate, Real log_alpha, Real u) {
  return clipped(stretched(gate, concrete(gate, log_alpha, u)));
}

Real expected_gate(const HardConcrete& gate, Real log_alpha) {
  return clipped(stretched(gate, sigmoid(d(log_alpha))));
}

Real open_probability(const HardConcrete& gate, Real log_alpha) {
  return static_cast<Real>(sigmoid(open_logit(gate, log_alpha)));
}

Var hard_concrete(Tape& tape, const HardConcrete& gate, Var log_alpha, ConstView u) {
  const ConstView a = tape.value(log_alpha);
  expect_shape("hard concrete: noise", u.shape, a.shape);
  const Var out = tape.result(a.shape, tape.needs_grad(log_alpha));
  for (Index i = 0; i < a.size(); ++i) tape.mutable_value(out)[i] = hard_concrete(gate, a[i], u[i]);
  tape.on_backward(out, [=](Tape& t) {
    const ConstView alpha = t.value(log_alpha);
    const View da = t.grad(log_alpha), dg = t.grad(out);
    for (Index i = 0; i < alpha.size(); ++i) {
      // backward 2, g = min(1, max(0, s̄)): nothing passes a clipped gate
      const double s = concrete(gate, alpha[i], u[i]), x = stretched(gate, s);
      if (x <= 0 || x >= 1) continue;
      // backward 1, s̄ = s (ζ - γ) + γ, s = σ((… + log α) / β)
      da[i] += static_cast<Real>(d(dg[i]) * (d(gate.high) - d(gate.low)) * s * (1 - s) / d(gate.beta));
    }
  });
  return out;
}

Var open_gates(Tape& tape, const HardConcrete& gate, Var log_alpha) {
  const ConstView a = tape.value(log_alpha);
  const Var out = tape.result({}, tape.needs_grad(log_alpha));
  double sum = 0;
  for (Real x : a) sum += d(open_probability(gate, x));
  tape.mutable_value(out)[0] = static_cast<Real>(sum);
  tape.on_backward(out, [=](Tape& t) {
    const ConstView alpha = t.value(log_alpha);
    const View da = t.grad(log_alpha);
    for (Index i = 0; i < alpha.size(); ++i) {
      const double p = sigmoid(open_logit(gate, alpha[i]));  // forward: Σ σ(log α - β log(-γ / ζ))
      da[i] += static_cast<Real>(d(t.grad(out)[0]) * p * (1 - p));
    }
  });
  return out;
}

}  // namespace attn
