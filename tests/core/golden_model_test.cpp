// Two-layer models against PyTorch: logits, loss and the gradient of every parameter.
#include <doctest.h>

#include "attn/model/transformer.hpp"
#include "attn/ops/cross_entropy.hpp"
#include "golden.hpp"

using namespace attn;
using namespace attn::test;

namespace {

void check_model(const std::string& name) {
  const Golden golden("model-" + name + ".safetensors");
  const auto config = model_config_from_json(golden.metadata("attn.config"));
  REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error().message));
  Model model{*config, Parameters(*config)};
  for (const ParameterInfo& p : model.parameters.table()) {
    const Tensor value = golden.tensor("param/" + p.name);
    REQUIRE(value.shape == p.shape);
    std::copy(value.data.begin(), value.data.end(), model.parameters[p.name].begin());
  }
  const Tensor logits = golden.tensor("logits"), weights = golden.tensor("weights");
  TokenBatch batch{golden.tokens("tokens"), logits.shape[0], logits.shape[1], {}, {}};
  if (golden.has("types")) batch.types = golden.tokens("types");
  if (golden.has("lengths"))
    for (std::int64_t n : golden.integers("lengths")) batch.lengths.push_back(static_cast<Index>(n));
  const std::vector<TokenId> targets = golden.tokens("targets");

  Parameters gradients(*config);
  ForwardOptions options;
  options.gradients = &gradients;
  Tape tape(Tape::Mode::training);
  const Var out = forward(tape, model, batch, options);
  const CrossEntropy ce = cross_entropy(tape, out, targets.data(), weights.data.data());
  tape.backward(ce.loss);

  check_close(name + " logits", tape.value(out), logits, 32);
  check_close(name + " loss", tape.value(ce.loss), {golden.tensor("losses").data.data(), Shape{1}}, 32);
  for (const ParameterInfo& p : model.parameters.table()) {
    const Tensor want = golden.tensor("grad/" + p.name);
    // A key bias shifts whole rows of scores, which the softmax ignores: its gradient is rounding.
    double scale = 0;
    for (Real g : want.data) scale = std::max(scale, std::fabs(static_cast<double>(g)));
    if (scale < 1e-12) continue;
    check_close(name + " gradient of " + p.name, gradients[p.name], want, 256);
  }
}

}  // namespace

TEST_CASE("golden: the course's attention-only model") { check_model("course"); }
TEST_CASE("golden: GPT-2") { check_model("gpt2"); }
TEST_CASE("golden: LLaMA") { check_model("llama"); }
TEST_CASE("golden: Qwen and Gemma ingredients") { check_model("qwen"); }
TEST_CASE("golden: BERT") { check_model("bert"); }
TEST_CASE("golden: T5") { check_model("t5"); }
TEST_CASE("golden: ALiBi") { check_model("alibi"); }
TEST_CASE("golden: smeared keys and sinusoids") { check_model("smeared"); }
