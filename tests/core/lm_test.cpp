#include "attn/train/lm.hpp"

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "attn/io/safetensors.hpp"

using namespace attn;

namespace {

LmConfig small() {
  LmConfig c;
  c.model.vocab = 11, c.model.context = 12, c.model.layers = 2, c.model.width = 16, c.model.heads = 2;
  c.model.position = PositionKind::rope, c.model.mlp = MlpKind::swiglu, c.model.mlp_width = 24;
  c.model.tied = true, c.model.init_std = Real(0.05);
  c.batch = 8, c.shards = 4, c.steps = 60;
  c.optimiser = Optimiser::muon;
  c.schedule.kind = ScheduleKind::wsd;
  c.schedule.learning_rate = Real(0.02), c.schedule.warmup = 5, c.schedule.decay = 20;
  return c;
}

// x_t = x_{t-1} + x_{t-2} mod 11, broken off at random: two tokens of context say what follows.
std::vector<std::uint16_t> sums(Index n) {
  Rng rng(77);
  std::vector<std::uint16_t> x;
  for (Index i = 0; i < n; ++i) {
    const bool fresh = i < 2 || i % 40 < 2;
    x.push_back(static_cast<std::uint16_t>(
        fresh ? 1 + rng.below(10)
              : (x[static_cast<std::size_t>(i) - 1] + x[static_cast<std::size_t>(i) - 2]) % 11));
  }
  return x;
}

TokenText text_of(const std::vector<std::uint16_t>& x) { return {x.data(), static_cast<Index>(x.size())}; }

// Three workers that are given the jobs backwards.
class Backwards final : public Workers {
 public:
  Index count() const override { return 3; }
  void run(Index n, const Job& job) override {
    for (Index i = n; i-- > 0;) job(i, i % 3);
  }
};

std::unique_ptr<LmTrainer> make(const LmConfig& c) { return std::move(LmTrainer::create(c)).value(); }

std::vector<Real> weights(const LmTrainer& t) {
  const ConstView w = t.model().parameters.flat();
  return {w.begin(), w.end()};
}

}  // namespace

TEST_CASE("both optimisers learn a text in which two tokens say what follows") {
  const std::vector<std::uint16_t> x = sums(4000);
  OneWorker one;
  for (const Optimiser o : {Optimiser::adamw, Optimiser::muon}) {
    LmConfig c = small();
    c.steps = 300;
    c.optimiser = o;
    const auto trainer = make(c);
    const double before = static_cast<double>(trainer->evaluate(text_of(x), 40, one).loss);
    CHECK(before == doctest::Approx(std::log(11.0)).epsilon(0.1));
    while (trainer->steps_done() < c.steps) trainer->step(text_of(x), one);
    const StepMetrics after = trainer->evaluate(text_of(x), 40, one);
    CHECK(static_cast<double>(after.loss) < 0.7 * before);
    CHECK(after.step == 300);
  }
}

TEST_CASE("weights do not depend on the number or the order of the workers") {
  const std::vector<std::uint16_t> x = sums(1000);
  OneWorker one;
  Backwards three;
  const auto a = make(small()), b = make(small());
  for (int i = 0; i < 7; ++i) {
    const StepMetrics ma = a->step(text_of(x), one), mb = b->step(text_of(x), three);
    CHECK(ma.loss == mb.loss);
    CHECK(ma.grad_norm == mb.grad_norm);
    CHECK(ma.step == i + 1);
  }
  CHECK(weights(*a) == weights(*b));
  CHECK(a->evaluate(text_of(x), 9, one).loss == b->evaluate(text_of(x), 9, three).loss);
}

TEST_CASE("shards are the batch: one of eight rows gives the step of four of two, but for rounding") {
  const std::vector<std::uint16_t> x = sums(1000);
  OneWorker one;
  LmConfig c = small();
  const auto cut = make(c);
  c.shards = 1;
  const auto whole = make(c);
  for (int i = 0; i < 3; ++i) {
    const StepMetrics a = cut->step(text_of(x), one), b = whole->step(text_of(x), one);
    CHECK(static_cast<double>(a.loss) == doctest::Approx(static_cast<double>(b.loss)).epsilon(1e-4));
    CHECK(static_cast<double>(a.grad_norm) ==
          doctest::Approx(static_cast<double>(b.grad_norm)).epsilon(1e-3));
  }
}

TEST_CASE("a resumed run ends in the weights of the uninterrupted one, bit for bit") {
  const std::vector<std::uint16_t> x = sums(200);  // a few steps an epoch: the resumed run re-cuts it
  OneWorker one;
  const auto whole = make(small());
  for (int i = 0; i < 9; ++i) whole->step(text_of(x), one);
  const auto first = make(small());
  for (int i = 0; i < 4; ++i) first->step(text_of(x), one);
  const std::vector<std::uint8_t> bytes = first->snapshot();
  auto second = std::move(LmTrainer::resume(bytes.data(), bytes.size())).value();
  CHECK(second->steps_done() == 4);
  CHECK(to_json(second->config()) == to_json(first->config()));
  for (int i = 0; i < 5; ++i) second->step(text_of(x), one);
  CHECK(weights(*second) == weights(*whole));
}

TEST_CASE("cooling down: the rate falls in a line over the last steps, from wherever the run is") {
  const std::vector<std::uint16_t> x = sums(400);
  OneWorker one;
  LmConfig c = small();
  c.steps = 1000;
  const auto trainer = make(c);
  for (int i = 0; i < 10; ++i) trainer->step(text_of(x), one);
  trainer->cool_down(4);
  CHECK(trainer->config().steps == 14);
  REQUIRE(validate(trainer->config()));
  for (const double share : {1.0, 0.75, 0.5, 0.25})
    CHECK(static_cast<double>(trainer->step(text_of(x), one).learning_rate) == doctest::Approx(0.02 * share));
}

TEST_CASE("a gradient that is not finite changes nothing") {
  const std::vector<std::uint16_t> x = sums(400);
  OneWorker one;
  LmConfig c = small();
  c.optimiser = Optimiser::adamw;
  c.schedule.kind = ScheduleKind::constant;
  // So far that a square is infinite in either build.
  c.schedule.learning_rate = static_cast<Real>(sizeof(Real) == 8 ? 1e300 : 1e30), c.schedule.warmup = 0;
  c.adamw.weight_decay = 0;
  c.clip = 0;
  const auto trainer = make(c);
  trainer->step(text_of(x), one);
  const std::vector<Real> before = weights(*trainer);
  const StepMetrics m = trainer->step(text_of(x), one);
  CHECK_FALSE((std::isfinite(m.loss) && std::isfinite(m.grad_norm)));
  CHECK(m.step == 1);
  CHECK(trainer->steps_done() == 1);
  CHECK(weights(*trainer) == before);
}

TEST_CASE("configs go to JSON and back; wrong ones are refused in words") {
  const std::string json = to_json(small());
  const Result<LmConfig> back = lm_config_from_json(json);
  REQUIRE(back);
  CHECK(to_json(*back) == json);
  const auto refusal = [&](auto&& change) {
    LmConfig c = small();
    change(c);
    const Result<LmConfig> r = lm_config_from_json(to_json(c));
    return r ? std::string() : r.error().message;
  };
  const auto says = [](const std::string& message, const char* word) {
    return message.find(word) != std::string::npos;
  };
  CHECK(says(refusal([](LmConfig& c) { c.shards = 3; }), "shards"));
  CHECK(says(refusal([](LmConfig& c) { c.length = 13; }), "length"));
  CHECK(says(refusal([](LmConfig& c) { c.model.kind = Kind::encoder; }), "decoder"));
  CHECK(says(refusal([](LmConfig& c) { c.muon.momentum = 1; }), "momentum"));
  CHECK(says(refusal([](LmConfig& c) { c.schedule.total = 20; }), "decay"));
  CHECK(says(refusal([](LmConfig& c) { c.model.vocab = 70000; }), "65536"));
  CHECK(says(lm_config_from_json("{\"stpes\": 1}").error().message, "stpes"));
  CHECK(says(lm_config_from_json("{\"optimiser\": \"sgd\"}").error().message, "adamw, muon"));
}

TEST_CASE("texts are checked against the model") {
  std::vector<std::uint16_t> x = sums(100);
  CHECK(check_text(text_of(x), small().model));
  x[57] = 11;
  CHECK(check_text(text_of(x), small().model).error().message.find("token 11 at place 57") !=
        std::string::npos);
  x.resize(23);
  CHECK(check_text(text_of(x), small().model).error().message.find("23 tokens") != std::string::npos);
}

TEST_CASE("snapshots that are none are refused") {
  const auto trainer = make(small());
  std::vector<std::uint8_t> bytes = trainer->snapshot();
  for (const std::size_t size : {std::size_t(0), std::size_t(7), bytes.size() / 2, bytes.size() - 1})
    CHECK_FALSE(LmTrainer::resume(bytes.data(), size).ok());
  const std::vector<std::uint8_t> other = std::move(Trainer::create([] {
                                            TrainConfig c;
                                            c.model.vocab = 32, c.model.context = 48, c.model.layers = 1,
                                            c.model.width = 8, c.model.heads = 2;
                                            return c;
                                          }()))
                                              .value()
                                              ->snapshot();
  CHECK_FALSE(LmTrainer::resume(other.data(), other.size()).ok());
  CHECK_FALSE(Trainer::resume(bytes.data(), bytes.size()).ok());
}
