#include "attn/analysis/weighted_norms.hpp"

#include "attn/analysis/activations.hpp"
#include "golden_interventions.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("weighted norms: the golden models, grouped heads among them") {
  for (const char* name : {"gpt2", "llama"}) {
    const Golden golden(std::string("flow-") + name + ".safetensors");
    const Model m = golden_model(name);
    const TokenBatch batch{golden.tokens("tokens"), 1, 9, {}, {}};
    for (int l = 0; l < 2; ++l) {
      const HookPoint p{Site::pattern, l}, v{Site::v, l};
      const Activations run = record(m, batch, {p, v});
      const std::string layer = std::to_string(l);
      const ConstView w_o = m.parameters["blocks." + layer + ".attn.W_O"];
      check_close(name, weighted_norms(run.at(p), run.at(v), w_o, 0), golden.tensor("norms/" + layer), 64);
      check_close(name, summed_weighted_norms(run.at(p), run.at(v), w_o, 0),
                  golden.tensor("summed_norms/" + layer), 64);
    }
  }
}

TEST_CASE("weighted norms: a loud weight on a silent value is nothing, and opposite heads cancel") {
  // Two heads of width 1, two tokens; values 0 and 3; W_O = 1 and -1.
  const Tensor pattern(Shape{1, 2, 2, 2}, {1, 0, Real(0.9), Real(0.1), 1, 0, Real(0.9), Real(0.1)});
  const Tensor v(Shape{1, 2, 1, 1}, {0, 3}), w_o(Shape{2, 1, 1}, {1, -1});
  const Tensor norms = weighted_norms(pattern, v, w_o, 0);
  CHECK(norms.data[2] == 0);  // 0.9 of nothing
  CHECK(static_cast<double>(norms.data[3]) == doctest::Approx(0.3));
  CHECK(static_cast<double>(norms.data[7]) == doctest::Approx(0.3));
  CHECK(summed_weighted_norms(pattern, v, w_o, 0).data[3] == 0);
}
