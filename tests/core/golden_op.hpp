// One operation against PyTorch: value and gradients under a given upstream gradient.
#pragma once

#include "golden.hpp"
#include "gradient_check.hpp"

namespace attn::test {

// Case `name` of ops.safetensors: inputs by name, output y, upstream gradient dy, gradients d<input>.
// k as in check_close.
inline void check_golden(const std::string& name, const std::vector<std::string>& inputs, const Operation& op,
                         double k = 32) {
  const Golden golden("ops.safetensors");
  std::vector<Tensor> values, grads;
  for (const std::string& input : inputs) {
    values.push_back(golden.tensor(name + "/" + input));
    grads.emplace_back(values.back().shape);
  }
  Tape tape(Tape::Mode::training);
  std::vector<Var> vars;
  for (std::size_t i = 0; i < inputs.size(); ++i) vars.push_back(tape.parameter(values[i], grads[i]));
  const Var y = op(tape, vars);
  const Tensor dy = golden.tensor(name + "/dy");
  tape.backward(weighted_sum(tape, y, dy));
  check_close(name, tape.value(y), golden.tensor(name + "/y"), k);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    check_close(name + " d" + inputs[i], grads[i], golden.tensor(name + "/d" + inputs[i]), 2 * k);
}

}  // namespace attn::test
