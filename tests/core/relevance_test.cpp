#include "attn/analysis/relevance.hpp"

#include "golden_interventions.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("relevance: gradient times attention and its propagation, the golden models") {
  for (const char* name : {"gpt2", "llama"}) {
    const Golden golden(std::string("flow-") + name + ".safetensors");
    const Model m = golden_model(name);
    const TokenBatch batch{golden.tokens("tokens"), 1, 9, {}, {}};
    Metric logit;
    logit.answers = {{0, 8, 2, -1}};
    const std::vector<Tensor> product = gradient_times_attention(m, batch, logit);
    for (std::size_t l = 0; l < 2; ++l)
      check_close(name, product[l], golden.tensor("gradient_attention/" + std::to_string(l)), 256);
    check_close(name, relevance(product, 0), golden.tensor("relevance"), 256);
    check_close(name, gradient_times_input(m, batch, logit), golden.tensor("gradient_input"), 256);
  }
}

TEST_CASE("relevance: negative products are clipped in each head, before the mean") {
  // One layer, two heads that disagree: mean(max(2, 0), max(-1, 0)) = 1, not max(mean(2, -1), 0).
  const Tensor layer(Shape{1, 2, 1, 1}, {2, -1});
  CHECK(relevance({layer}, 0).data[0] == 2);         // R = I + Ā I
  CHECK(relevance({layer, layer}, 0).data[0] == 4);  // R + Ā R
  CHECK_THROWS_AS(relevance({}, 0), ShapeError);
}
