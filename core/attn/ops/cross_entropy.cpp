#include "attn/ops/cross_entropy.hpp"

#include "attn/math/softmax.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

bool is_argmax(const Real* logits, Index vocab, TokenId target) {
  for (Index v = 0; v < vocab; ++v)
    if (logits[v] > logits[target] || (logits[v] == logits[target] && v < target)) return false;
  return logits[target] == logits[target];  // NaN is no answer
}

// dlogits = (or +=) dloss · w_i / Σw · (p - onehot(target)), for every row
void backward(Tape::GradTarget target, ConstView logits, const Real* lse, const TokenId* targets,
              const Real* weights, Real factor, Real* p) {
  const Index vocab = logits.shape[-1], rows = logits.size() / vocab;
  for (Index r = 0; r < rows; ++r) {
    const Real weight = (weights ? weights[r] : Real(1)) * factor;
    const Real* x = logits.data + r * vocab;
    Real* out = target.grad.data + r * vocab;
    const bool overwrite = target.store == Store::overwrite;
    if (weight == 0) {
      if (overwrite) vec::fill(0, out, vocab);
      continue;
    }
    Real* to = overwrite ? out : p;
    for (Index v = 0; v < vocab; ++v) to[v] = x[v] - lse[r];
    vector_exp(to, to, vocab);
    overwrite ? vec::scale(weight, to, out, vocab) : vec::axpy(weight, to, out, vocab);
    out[targets[r]] -= weight;
  }
}

}  // namespace

CrossEntropy cross_entropy(Tape& tape, Var logits, const TokenId* targets, const Real* weights) {
  const ConstView x = tape.value(logits);
  const Index vocab = x.shape[-1], rows = vocab ? x.size() / vocab : 0;
  const View lse = tape.scratch({rows});  // log Σ exp of each counted row
  double total = 0, count = 0, right = 0;
  for (Index r = 0; r < rows; ++r) {
    const double weight = weights ? weights[r] : 1;
    if (weight == 0) continue;
    if (targets[r] < 0 || targets[r] >= vocab)
      throw ShapeError("target " + std::to_string(targets[r]) + " is outside the vocabulary of " +
                       std::to_string(vocab));
    const Real* row = x.data + r * vocab;
    lse[r] = log_sum_exp(row, vocab);
    total += weight * (static_cast<double>(lse[r]) - row[targets[r]]);
    count += weight;
    if (is_argmax(row, vocab, targets[r])) right += weight;
  }
  const double inverse = count > 0 ? 1 / count : 0;
  CrossEntropy out{tape.result({}, tape.needs_grad(logits)), static_cast<Real>(right * inverse),
                   static_cast<Real>(count)};
  tape.mutable_value(out.loss)[0] = static_cast<Real>(total * inverse);
  tape.on_backward(out.loss, [=, loss = out.loss](Tape& t) {
    backward(t.grad_target(logits), t.value(logits), lse.data, targets, weights,
             t.grad(loss)[0] * static_cast<Real>(inverse), t.scratch({vocab}).data);
  });
  return out;
}

}  // namespace attn
