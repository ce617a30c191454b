#include "attn/adapt/attention_masks.hpp"

#include <doctest.h>

#include <algorithm>

#include "attn/adapt/weight_masks.hpp"
#include "attn/analysis/activations.hpp"
#include "attn/train/trainer.hpp"

using namespace attn;

namespace {

struct Case {
  Model model;
  TokenBatch batch;
};

Case some() {
  const ModelConfig config = *model_config_from_json(
      R"({"vocab": 6, "context": 6, "layers": 2, "width": 8, "heads": 2, "init_std": 0.5})");
  Case c{{config, Parameters(config)}, {}};
  Rng rng(5, 0);
  initialise(c.model.parameters, config, rng);
  c.batch.tokens = {0, 1, 2, 3, 4, 5};
  c.batch.batch = 1, c.batch.length = 6;
  return c;
}

Index zeros(const Model& m, const char* name) {
  const ConstView w = m.parameters[name];
  return std::count(w.begin(), w.end(), Real(0));
}

}  // namespace

TEST_CASE("masked attention: nothing, half and all of the four matrices, and no other weight") {
  const Case c = some();
  for (const MaskBy by : {MaskBy::magnitude, MaskBy::wanda, MaskBy::random}) {
    Rng rng(1, 0);
    const Model whole = masked_attention(c.model, c.batch, by, 0, rng);
    CHECK(std::equal(whole.parameters.flat().begin(), whole.parameters.flat().end(),
                     c.model.parameters.flat().begin()));
    const Model half = masked_attention(c.model, c.batch, by, Real(0.5), rng);
    for (const char* name :
         {"blocks.0.attn.W_Q", "blocks.1.attn.W_K", "blocks.0.attn.W_V", "blocks.1.attn.W_O"})
      CHECK(zeros(half, name) == 32);  // of 8 x 8
    CHECK(zeros(half, "embed.W_E") == 0);
    CHECK(zeros(masked_attention(c.model, c.batch, by, 1, rng), "blocks.1.attn.W_O") == 64);
  }
}

TEST_CASE("masked attention: Wanda weighs W_Q and W_O by what each meets in the whole model") {
  const Case c = some();
  Rng rng(1, 0);
  const Model masked = masked_attention(c.model, c.batch, MaskBy::wanda, Real(0.25), rng);
  const HookPoint in{Site::attn_in, 1}, z{Site::z, 1};
  const Activations run = record(c.model, c.batch, {in, z});
  for (const auto& [name, point] : {std::pair{"blocks.1.attn.W_Q", in}, {"blocks.1.attn.W_O", z}}) {
    const Tensor& x = run.at(point);
    const ConstView w = c.model.parameters[name];
    const std::vector<bool> keep =
        wanda_mask(ConstMatrix{w.data, 8, 8}, ConstMatrix{x.data.data(), 6, 8}, Real(0.25));
    for (std::size_t i = 0; i < keep.size(); ++i)
      CHECK(masked.parameters[name].data[i] == (keep[i] ? w.data[i] : Real(0)));
  }
}

TEST_CASE("masked attention: a random mask is its seed's") {
  const Case c = some();
  Rng a(1, 0), b(1, 0), other(2, 0);
  const auto flat = [&](Rng& rng) {
    const Model m = masked_attention(c.model, c.batch, MaskBy::random, Real(0.5), rng);
    return std::vector<Real>(m.parameters.flat().begin(), m.parameters.flat().end());
  };
  const std::vector<Real> first = flat(a);
  CHECK(first == flat(b));
  CHECK(first != flat(other));
}
