#include "attn/analysis/head_writes.hpp"

#include <doctest.h>

#include <algorithm>
#include <cmath>

#include "attn/analysis/activations.hpp"
#include "attn/train/trainer.hpp"

using namespace attn;

namespace {

Model model() {
  const ModelConfig config = *model_config_from_json(
      R"({"vocab": 6, "context": 5, "layers": 2, "width": 8, "heads": 2, "init_std": 0.5})");
  Model m{config, Parameters(config)};
  Rng rng(3, 0);
  initialise(m.parameters, config, rng);
  return m;
}

}  // namespace

TEST_CASE("writes: lengths of z_h W_O^h, apart where the batch asks and where it does not") {
  const Model m = model();
  TokenBatch batch;
  batch.tokens = {0, 1, 2, 3, 4, 5, 4, 3, 2, 1};
  batch.batch = 2, batch.length = 5;
  std::vector<Answer> answers(2);
  answers[0].sequence = 0, answers[0].position = 3;
  answers[1].sequence = 1, answers[1].position = 4;
  const HeadWrites writes = head_writes(m, batch, answers);
  const HookPoint point{Site::result, 1};
  const Activations run = record(m, batch, {point});
  const Tensor& x = run.at(point);
  for (Index h = 0; h < 2; ++h) {
    double asked = 0, all = 0, largest = 0;
    for (Index r = 0; r < 10; ++r) {
      double squares = 0;
      for (Index i = 0; i < 8; ++i) {
        const double part = static_cast<double>(x.data[static_cast<std::size_t>((r * 2 + h) * 8 + i)]);
        squares += part * part;
      }
      all += std::sqrt(squares);
      largest = std::max(largest, std::sqrt(squares));
      if (r == 3 || r == 9) asked += std::sqrt(squares);
    }
    const auto at = static_cast<std::size_t>(2 + h);  // layer 1
    CHECK(static_cast<double>(writes.asked.data[at]) == doctest::Approx(asked / 2).epsilon(1e-5));
    CHECK(static_cast<double>(writes.other.data[at]) == doctest::Approx((all - asked) / 8).epsilon(1e-5));
    CHECK(static_cast<double>(writes.largest.data[at]) == doctest::Approx(largest).epsilon(1e-5));
  }
}
