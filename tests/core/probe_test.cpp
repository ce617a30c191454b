#include "attn/analysis/probe.hpp"

#include <cmath>

#include "golden.hpp"

using namespace attn;
using namespace attn::test;

namespace {

double d(Real x) { return static_cast<double>(x); }

std::vector<Index> labels_of(const Golden& golden, const char* name) {
  const std::vector<std::int64_t> x = golden.integers(name);
  return {x.begin(), x.end()};
}

}  // namespace

TEST_CASE("probe: the optimum that PyTorch's L-BFGS finds") {
  const Golden golden("probe.safetensors");
  const Tensor x = golden.tensor("x");
  const std::vector<Index> labels = labels_of(golden, "labels");
  ProbeOptions options;
  options.ridge = Real(0.01);
  options.steps = 2000;
  const Probe probe = fit_probe(x, labels, 3, options);
  CHECK(d(evaluate(probe, x, labels).nats) ==
        doctest::Approx(d(golden.tensor("nats").data[0])).epsilon(1e-4));
  const Tensor w = golden.tensor("weights");  // [D, C]
  for (std::size_t i = 0; i < w.data.size(); ++i)
    CHECK(std::fabs(d(probe.weights.data[i]) - d(w.data[i])) < 2e-3);
}

TEST_CASE("probe: two separable points, worked by hand") {
  // Labels follow the sign of x. By symmetry W = (-w, w), b = 0 and w solves σ(-2w) = λ w: the slope of the
  // mean loss log(1 + e^-2w) against that of λ/2 · 2w².
  const Tensor x(Shape{2, 1}, {-1, 1});
  ProbeOptions options;
  options.ridge = Real(0.1);
  options.steps = 500;
  const Probe probe = fit_probe(x, {0, 1}, 2, options);
  const double w = d(probe.weights.data[1]);
  CHECK(1 / (1 + std::exp(2 * w)) == doctest::Approx(0.1 * w).epsilon(1e-4));
  CHECK(d(probe.weights.data[0]) == doctest::Approx(-w).epsilon(1e-5));
  CHECK(std::fabs(d(probe.bias[0])) < 1e-5);
  const ProbeScore score = evaluate(probe, x, {0, 1});
  CHECK(score.accuracy == 1);
  CHECK(d(score.nats) == doctest::Approx(std::log(1 + std::exp(-2 * w))).epsilon(1e-4));
  CHECK(evaluate(probe, x, {1, 0}).accuracy == 0);
}

TEST_CASE("probe: a control task is consistent by type and follows the label distribution") {
  Rng rng(2);
  std::vector<Index> types, labels;
  for (Index n = 0; n < 6000; ++n) {
    types.push_back(n % 2000);
    labels.push_back(n % 4 == 0 ? 1 : 0);  // a quarter
  }
  const std::vector<Index> control = control_labels(types, labels, rng);
  double ones = 0;
  for (std::size_t n = 0; n < 6000; ++n) {
    CHECK(control[n] == control[static_cast<std::size_t>(types[n])]);
    ones += static_cast<double>(control[n]) / 6000;
  }
  CHECK(ones == doctest::Approx(0.25).epsilon(0.12));  // 2000 draws: three deviations are 0.029
}

TEST_CASE("probe: a feature of the representation is selective and short, noise is neither") {
  Rng rng(3);
  const Index N = 600, D = 6;
  Tensor x(Shape{N, D});
  fill_normal(x, rng, 1);
  std::vector<Index> task, noise;
  for (Index n = 0; n < N; ++n) {
    task.push_back(x.view()[n * D + 2] > 0);
    noise.push_back(rng.below(2));
  }
  const Probe probe = fit_probe(x, task, 2), on_noise = fit_probe(x, noise, 2);
  const ProbeScore good = evaluate(probe, x, task), bad = evaluate(on_noise, x, noise);
  CHECK(d(selectivity(good, bad)) > 0.3);
  const OnlineCode code = online_code(x, task, 2), nothing = online_code(x, noise, 2);
  CHECK(d(code.uniform_bits) == 600);
  CHECK(d(code.compression) > 2);
  CHECK(d(nothing.compression) < 1.05);
  CHECK(d(code.compression) == doctest::Approx(d(code.uniform_bits) / d(code.bits)));
}

TEST_CASE("probe: the first block is sent by guessing, the others by what was learnt before") {
  // 4 items: ends at ⌊0.25 · 4⌋ = 1, 2 and 4. Constant labels: after the first, one class is all there is.
  const Tensor x(Shape{4, 1}, {0, 0, 0, 0});
  ProbeOptions options;
  options.steps = 50;
  const OnlineCode code = online_code(x, {1, 1, 1, 1}, 2, options);
  double bits = 1;                                                     // one label by guess
  for (const auto& block : {std::pair<Index, Index>{1, 1}, {2, 2}}) {  // trained on, sent
    const Probe probe = fit_probe({x.data.data(), Shape{block.first, 1}},
                                  std::vector<Index>(static_cast<std::size_t>(block.first), 1), 2, options);
    bits += static_cast<double>(block.second) * d(evaluate(probe, {x.data.data(), Shape{1, 1}}, {1}).nats) /
            std::log(2.0);
  }
  CHECK(d(code.bits) == doctest::Approx(bits).epsilon(1e-5));
  CHECK(d(code.bits) < 4);
  CHECK_THROWS_AS(fit_probe(x, {0, 1}, 2), ShapeError);
  CHECK_THROWS_AS(fit_probe(x, {0, 1, 2, 0}, 2), ShapeError);
}
