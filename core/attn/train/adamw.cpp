#include "attn/train/adamw.hpp"

#include <cmath>

namespace attn {

// #region adamw
void adamw_update(Real* weights, const Real* gradients, Real* first, Real* second, Index n, Index step,
                  const AdamWConfig& config, Real learning_rate, Real keep) {
  // Bias corrections 1 - β^t in double: at β2 = 0.98 and t = 1 float would lose a digit.
  const double t = static_cast<double>(step);
  const Real correction1 = static_cast<Real>(1 - std::pow(static_cast<double>(config.beta1), t));
  const Real correction2 = static_cast<Real>(std::sqrt(1 - std::pow(static_cast<double>(config.beta2), t)));
  const Real step_size = learning_rate / correction1;
  const Real b1 = config.beta1, b2 = config.beta2, epsilon = config.epsilon;
  Real* __restrict w = weights, * __restrict m = first, * __restrict v = second;
  const Real* __restrict g = gradients;
  for (Index i = 0; i < n; ++i) {
    m[i] = b1 * m[i] + (1 - b1) * g[i];
    v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
    w[i] = keep * w[i] - step_size * m[i] / (std::sqrt(v[i]) / correction2 + epsilon);
  }
}

void adamw_update(Parameters& parameters, const ParameterInfo& info, ConstView gradients, AdamWState& state,
                  const AdamWConfig& config, Real learning_rate) {
  // Decoupled decay: shrinks the weight itself, not through the gradient's moments.
  const Real keep = info.decay ? 1 - learning_rate * config.weight_decay : Real(1);
  adamw_update(parameters.flat().data + info.offset, gradients.data + info.offset,
               state.m.data() + info.offset, state.v.data() + info.offset, info.shape.size(), state.step,
               config, learning_rate, keep);
}

void adamw_step(Parameters& parameters, ConstView gradients, AdamWState& state, const AdamWConfig& config,
                Real learning_rate) {
  const Index size = parameters.size();
  expect_shape("adamw_step: gradients", gradients.shape, Shape{size});
  if (state.m.empty()) {
    state.m.assign(static_cast<std::size_t>(size), Real(0));
    state.v.assign(static_cast<std::size_t>(size), Real(0));
  }
  ++state.step;
  for (const ParameterInfo& info : parameters.table())
    adamw_update(parameters, info, gradients, state, config, learning_rate);
}
// #endregion

Real clip_gradients(View gradients, Real limit) {
  double squares = 0;  // Σ g² in double: thousands of terms
  for (Real g : gradients) squares += static_cast<double>(g) * static_cast<double>(g);
  const Real norm = static_cast<Real>(std::sqrt(squares));
  if (limit > 0 && norm > limit) {
    const Real scale = limit / norm;
    for (Real& g : gradients) g *= scale;
  }
  return norm;
}

}  // namespace attn
