// Analytic gradients against a 4-point stencil, element by element.
#pragma once

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "attn/math/random.hpp"
#include "attn/ops/elementwise.hpp"
#include "attn/ops/tape.hpp"

namespace attn::test {

constexpr bool kDouble = sizeof(Real) == 8;

inline Tensor random_tensor(const Shape& shape, Rng& rng, Real std = 1) {
  Tensor t(shape);
  fill_normal(t, rng, std);
  return t;
}

// (f(-2h) - 8 f(-h) + 8 f(h) - f(2h)) / 12h: error h⁴ f⁽⁵⁾ / 30 + rounding / h. With h = 1e-3 in
// double both stay near 1e-12 for smooth functions of order one.
inline double four_point(const std::function<double()>& f, Real& x, double h = 1e-3) {
  const Real x0 = x;
  const auto at = [&](double d) {
    x = static_cast<Real>(static_cast<double>(x0) + d);
    return f();
  };
  const double slope = (at(-2 * h) - 8 * at(-h) + 8 * at(h) - at(2 * h)) / (12 * h);
  x = x0;
  return slope;
}

// How far `analytic` is from the slope. Where f bends sharply (the norm of a short vector, ReLU's corner)
// the wide stencil is the one that errs: a narrower one decides. A wrong gradient agrees with none.
inline double slope_error(const std::function<double()>& f, Real& x, double analytic, double tolerance) {
  double best = 1e300;
  for (double h : {1e-3, 1e-4, 1e-5}) {
    best = std::min(best, std::fabs(four_point(f, x, h) - analytic));
    if (best <= tolerance) break;
  }
  return best;
}

using Operation = std::function<Var(Tape&, const std::vector<Var>&)>;

// Every entry of the Jacobian of `op`: for each output element the backward pass gives one row for
// every input, the stencil one column. A full Jacobian catches a transpose or a wrong reduction that
// one random direction may hide.
inline void check_jacobian(const Operation& op, std::vector<Tensor> inputs, double tolerance = 1e-9) {
  if (!kDouble) {
    MESSAGE("gradient check skipped: float build");
    return;
  }
  Tape tape(Tape::Mode::training);
  std::vector<Tensor> grads;
  for (const Tensor& t : inputs) grads.emplace_back(t.shape);
  const auto run = [&](const Tensor& weights) {
    tape.reset();
    std::vector<Var> vars;
    for (std::size_t i = 0; i < inputs.size(); ++i) vars.push_back(tape.parameter(inputs[i], grads[i]));
    return weighted_sum(tape, op(tape, vars), weights);
  };
  tape.reset();
  std::vector<Var> probe;
  for (const Tensor& t : inputs) probe.push_back(tape.constant(t));
  const Shape out = tape.value(op(tape, probe)).shape;
  double largest = 0, worst = 0;
  std::string where;
  for (Index o = 0; o < out.size(); ++o) {
    Tensor onehot(out);
    onehot.data[static_cast<std::size_t>(o)] = 1;
    for (Tensor& g : grads) std::fill(g.data.begin(), g.data.end(), Real(0));
    tape.backward(run(onehot));
    const std::vector<Tensor> analytic = grads;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      for (std::size_t j = 0; j < inputs[i].data.size(); ++j) {
        const double got = static_cast<double>(analytic[i].data[j]);
        REQUIRE(std::isfinite(got));
        const double error = slope_error([&] { return static_cast<double>(tape.value(run(onehot))[0]); },
                                         inputs[i].data[j], got, tolerance);
        largest = std::max(largest, std::fabs(got));
        if (error > worst) {
          worst = error;
          where = "output " + std::to_string(o) + ", input " + std::to_string(i) + "[" + std::to_string(j) +
                  "]: off by " + std::to_string(error) + " from " + std::to_string(got);
        }
      }
  }
  INFO(where);
  CHECK(largest > 1e-3);  // a Jacobian of zeros would prove nothing
  CHECK(worst <= tolerance * std::max(largest, 1.0));
}

}  // namespace attn::test
