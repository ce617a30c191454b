// AdamW (Loshchilov & Hutter 2019, Algorithm 2), torch.optim.AdamW's update.
#pragma once

#include <vector>

#include "attn/base/error.hpp"
#include "attn/model/parameters.hpp"

namespace attn {

struct AdamWConfig {
  Real beta1 = Real(0.9), beta2 = Real(0.98);
  Real epsilon = Real(1e-8);
  Real weight_decay = Real(0.01);
};

struct AdamWState {
  std::vector<Real> m, v;  // like Parameters::flat()
  Index step = 0;
};

void adamw_step(Parameters& parameters, ConstView gradients, AdamWState& state, const AdamWConfig& config,
                Real learning_rate);

// The step of one parameter alone; state.step counts this step already, the moments are there. Different
// parameters may be updated at the same time.
void adamw_update(Parameters& parameters, const ParameterInfo& info, ConstView gradients, AdamWState& state,
                  const AdamWConfig& config, Real learning_rate);

// The same for any row of n numbers at its step-th step (from 1); `keep`: what decay leaves of a weight.
void adamw_update(Real* weights, const Real* gradients, Real* m, Real* v, Index n, Index step,
                  const AdamWConfig& config, Real learning_rate, Real keep);

// A run as one row of numbers: the step, the weights, both moments. Reading refuses a row of another length,
// numbers that are not finite, a step that is no count and a second moment below zero; then nothing was
// changed.
std::vector<Real> run_state(Index step, const std::vector<Real>& weights, const std::vector<Real>& m,
                            const std::vector<Real>& v);
Status read_run_state(const std::vector<Real>& row, Index& step, std::vector<Real>& weights,
                      std::vector<Real>& m, std::vector<Real>& v);

// Scales gradients so that their global norm is at most `limit`; returns the norm before.
Real clip_gradients(View gradients, Real limit);

}  // namespace attn
