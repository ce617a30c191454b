// A pass forth and back of a small model, told as numbers: what options leave out must not change it.
#pragma once

#include <cmath>

#include "attn/model/transformer.hpp"
#include "attn/ops/cross_entropy.hpp"
#include "attn/train/asked_rows.hpp"
#include "gradient_check.hpp"

namespace attn::test {

inline std::vector<Real> numbers(ConstView x) { return {x.begin(), x.end()}; }

inline double furthest(const std::vector<Real>& a, const std::vector<Real>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    worst = std::max(worst, std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return worst;
}

inline double largest(const std::vector<Real>& a) {
  return furthest(a, std::vector<Real>(a.size(), Real(0)));
}

// Initialised, and every number moved: no gain stands at 1, no bias at 0.
inline Model rough_model(const ModelConfig& config, Rng& rng) {
  REQUIRE(validate(config).ok());
  Model model{config, Parameters(config)};
  initialise(model.parameters, config, rng);
  for (Real& x : model.parameters.flat()) x += Real(0.3) * static_cast<Real>(rng.normal());
  return model;
}

struct Answer {
  std::vector<Real> logits, gradients;
  Real loss, accuracy;
};

// With `asked` the loss is over those rows alone, and the others are left out.
inline Answer answer(const Model& model, const TaskBatch& batch, const AskedRows* asked, bool tables = false,
                     const Hooks* hooks = nullptr) {
  Tape tape(Tape::Mode::training);
  Parameters gradients(model.config);
  ForwardOptions options;
  options.gradients = &gradients;
  options.tables = tables;
  options.hooks = hooks;
  if (asked) options.tails = asked->starts.data();
  const Var logits = forward(tape, model, batch.inputs, options);
  const CrossEntropy ce = cross_entropy(tape, logits, (asked ? asked->targets : batch.targets).data(),
                                        (asked ? asked->weights : batch.weights).data());
  const Answer out{numbers(tape.value(logits)), {}, tape.value(ce.loss)[0], ce.accuracy};
  tape.backward(ce.loss);
  return {out.logits, numbers(gradients.flat()), out.loss, out.accuracy};
}

}  // namespace attn::test
