#include "attn/train/trainer.hpp"

#include <doctest.h>

#include <algorithm>
#include <cmath>

#include "attn/io/safetensors.hpp"
#include "attn/ops/cross_entropy.hpp"
#include "count_allocations.hpp"

using namespace attn;

namespace {

double d(Real x) { return static_cast<double>(x); }

// A small relative of the recipe: fast enough for every build.
TrainConfig small() {
  TrainConfig c;
  c.model.vocab = 12;
  c.model.context = 16;
  c.model.layers = 2;
  c.model.width = 16;
  c.model.heads = 2;
  c.model.norm_gain = false;
  c.task.vocab = 12;
  c.task.length = 16;
  c.task.segment_min = 4;
  c.task.segment_max = 8;
  c.schedule.learning_rate = Real(0.01);
  c.batch = 4;
  c.steps = 100;
  return c;
}

std::unique_ptr<Trainer> start(const TrainConfig& c) {
  Result<std::unique_ptr<Trainer>> t = Trainer::create(c);
  REQUIRE(t.ok());
  return std::move(t).value();
}

std::string message(const TrainConfig& c) {
  const Result<std::unique_ptr<Trainer>> t = Trainer::create(c);
  return t.ok() ? "accepted" : t.error().message;
}

}  // namespace

TEST_CASE("before training the loss is log V: small weights know nothing") {
  TrainConfig c = small();
  c.model.init_std = Real(0.02);
  c.model.final_norm = false;
  const std::unique_ptr<Trainer> t = start(c);
  CHECK(d(t->step().loss) == doctest::Approx(std::log(12.0)).epsilon(1e-3));
}

TEST_CASE("20 steps = 10 steps, snapshot, resume, 10 steps: every bit of the state") {
  TrainConfig c = small();
  c.schedule.kind = ScheduleKind::cosine;
  c.schedule.warmup = 5;
  const std::unique_ptr<Trainer> whole = start(c), half = start(c);
  for (int i = 0; i < 20; ++i) whole->step();
  for (int i = 0; i < 10; ++i) half->step();
  const std::vector<std::uint8_t> stored = half->snapshot();
  Result<std::unique_ptr<Trainer>> resumed = Trainer::resume(stored.data(), stored.size());
  REQUIRE(resumed.ok());
  CHECK((*resumed)->steps_done() == 10);
  CHECK((*resumed)->snapshot() == stored);
  for (int i = 0; i < 10; ++i) (*resumed)->step();
  CHECK((*resumed)->snapshot() == whole->snapshot());
  // The snapshot really holds all that moves: three tables, which differ from the start's.
  CHECK(stored != whole->snapshot());
}

TEST_CASE("one seed, one run; another seed, another run; evaluating changes nothing") {
  TrainConfig c = small();
  const std::unique_ptr<Trainer> a = start(c), b = start(c);
  Rng rng = stream(c.seed, Stream::evaluation);
  const TaskBatch held_out = make_batch(c.task, 8, rng);
  for (int i = 0; i < 15; ++i) {
    a->step();
    b->step();
    b->evaluate(held_out);
  }
  CHECK(a->snapshot() == b->snapshot());
  c.seed = 2;
  const std::unique_ptr<Trainer> other = start(c);
  for (int i = 0; i < 15; ++i) other->step();
  CHECK(a->snapshot() != other->snapshot());
}

TEST_CASE("training learns: the fixed chain's loss falls to its entropy, not below") {
  TrainConfig c = small();
  c.task.kind = TaskKind::ngram;
  c.model.layers = 1;
  c.batch = 16;
  const std::unique_ptr<Trainer> t = start(c);
  Rng rng = stream(c.seed, Stream::evaluation);
  const TaskBatch held_out = make_batch(c.task, 64, rng);
  const double before = d(t->evaluate(held_out).loss);
  for (int i = 0; i < 150; ++i) t->step();
  const double after = d(t->evaluate(held_out).loss);
  // The best predictor knows the chain: estimate it from many sequences.
  std::vector<double> n(144, 1e-9);
  const TaskBatch many = make_batch(c.task, 4000, rng);
  for (std::size_t i = 0; i < many.targets.size(); ++i)
    n[static_cast<std::size_t>(many.inputs.tokens[i] * 12 + many.targets[i])] += 1;
  double best = 0;
  for (std::size_t i = 0; i < held_out.targets.size(); ++i) {
    const std::size_t row = static_cast<std::size_t>(held_out.inputs.tokens[i]) * 12;
    double total = 0;
    for (std::size_t j = 0; j < 12; ++j) total += n[row + j];
    best -= std::log(n[row + static_cast<std::size_t>(held_out.targets[i])] / total) /
            static_cast<double>(held_out.targets.size());
  }
  CHECK(before > best + 0.5);
  CHECK(after < best + 0.1);
  CHECK(after > best - 0.02);
}

TEST_CASE("one batch can be learned by heart: loss below 0.01") {
  TrainConfig c = small();
  c.model.mlp = MlpKind::gelu;
  Model m{c.model, Parameters(c.model)};
  Rng rng(3);
  initialise(m.parameters, c.model, rng);
  c.task.kind = TaskKind::uniform;  // nothing to generalise
  TaskBatch batch = make_batch(c.task, 2, rng);
  // Equal prefixes would make the targets contradict each other: tell the sequences apart at once.
  batch.inputs.tokens[0] = 0;
  batch.inputs.tokens[16] = 1;
  Parameters gradients(c.model);
  AdamWState adamw;
  Tape tape(Tape::Mode::training);
  double loss = 0;
  for (int i = 0; i < 250; ++i) {
    tape.reset();
    const CrossEntropy ce =
        cross_entropy(tape, forward(tape, m, batch.inputs, ForwardOptions{nullptr, nullptr, &gradients}),
                      batch.targets.data(), batch.weights.data());
    std::fill(gradients.flat().begin(), gradients.flat().end(), Real(0));
    tape.backward(ce.loss);
    adamw_step(m.parameters, gradients.flat(), adamw, AdamWConfig{}, Real(0.01));
    loss = d(tape.value(ce.loss)[0]);
  }
  CHECK(loss < 0.01);
}

TEST_CASE("clones: heads that start equal stay equal bit for bit; a little noise parts them") {
  const auto difference = [](Real noise) {
    TrainConfig c = small();
    c.model.identical_heads = true;
    c.model.head_noise = noise;
    const std::unique_ptr<Trainer> t = start(c);
    for (int i = 0; i < 60; ++i) t->step();
    double worst = 0;
    for (const char* name : {"blocks.0.attn.W_Q", "blocks.0.attn.W_K", "blocks.1.attn.W_V"}) {
      const ConstView w = t->model().parameters[name];  // [D, H, d]
      for (Index row = 0; row < 16; ++row)
        for (Index i = 0; i < 8; ++i)
          worst = std::max(worst, std::abs(d(w[row * 16 + i]) - d(w[row * 16 + 8 + i])));
    }
    const ConstView o = t->model().parameters["blocks.1.attn.W_O"];  // [H, d, D]
    for (Index i = 0; i < 128; ++i) worst = std::max(worst, std::abs(d(o[i]) - d(o[128 + i])));
    return worst;
  };
  CHECK(difference(0) == 0);
  CHECK(difference(Real(0.1)) > 0.05);
}

TEST_CASE("a step that diverges is reported, and the weights of the last finite step are kept") {
  TrainConfig c = small();
  c.model.norm = NormPlacement::none;
  c.clip = 0;
  c.schedule.learning_rate = Real(sizeof(Real) == 8 ? 1e300 : 1e30);
  const std::unique_ptr<Trainer> t = start(c);
  Rng rng = stream(c.seed, Stream::evaluation);
  const TaskBatch held_out = make_batch(c.task, 8, rng);
  const double before = d(t->evaluate(held_out).loss);
  StepMetrics m = t->step();
  CHECK(std::isfinite(m.loss));
  CHECK(m.step == 1);
  m = t->step();
  CHECK_FALSE((std::isfinite(m.loss) && std::isfinite(m.grad_norm)));
  CHECK(m.step == 0);
  CHECK(t->steps_done() == 0);
  CHECK(d(t->evaluate(held_out).loss) == before);
}

#if ATTN_COUNTS_ALLOCATIONS
TEST_CASE("a step allocates nothing once the first two have run") {
  const std::unique_ptr<Trainer> t = start(small());
  for (int i = 0; i < 3; ++i) t->step();
  const long before = allocations;
  for (int i = 0; i < 5; ++i) t->step();
  CHECK(allocations == before);
  CHECK(before > 0);
}
#endif

TEST_CASE("a config that cannot run is refused in a sentence") {
  TrainConfig c = small();
  c.task.length = 20;
  CHECK(message(c) == "task.length = 20 exceeds model.context = 16");
  c = small();
  c.task.vocab = 40;
  CHECK(message(c) == "task.vocab = 40 exceeds model.vocab = 12");
  c = small();
  c.batch = 0;
  CHECK(message(c).find("batch must lie between 1") != std::string::npos);
  c = small();
  c.schedule.learning_rate = std::nanf("");
  CHECK(message(c).find("learning_rate must be greater than 0") != std::string::npos);
  c = small();
  c.adamw.beta2 = 1;
  CHECK(message(c).find("must lie in [0, 1)") != std::string::npos);
  c = small();
  c.schedule.kind = ScheduleKind::cosine;
  c.schedule.warmup = 50;
  c.schedule.total = 40;
  CHECK(message(c).find("schedule.total must be greater than schedule.warmup") != std::string::npos);
  c = small();
  c.model.kind = Kind::encoder;
  CHECK(message(c).find("model.kind must be decoder") != std::string::npos);
  c.task.kind = TaskKind::previous;  // a label about the past gives nothing away
  CHECK(message(c) == "accepted");
  c.task.kind = TaskKind::cycle;
  c.task.vocab = 12, c.task.length = 6;  // six types of two contents
  CHECK(message(c) == "accepted");
  c.model.kind = Kind::decoder;
  CHECK(message(c).find("model.kind must be encoder") != std::string::npos);
  c = small();
  c.batch = 60000;
  c.model.context = c.task.length = 4096;
  CHECK(message(c).find("lower batch or task.length") != std::string::npos);
  CHECK(message(small()) == "accepted");
}

TEST_CASE("train JSON: round trip; an unknown key in any part is named") {
  TrainConfig c = small();
  c.seed = 9007199254740991ull;
  c.model.smeared_keys = true;
  c.schedule.kind = ScheduleKind::linear;
  c.schedule.learning_rate = Real(0.01);
  const std::string json = to_json(c);
  CHECK(json.find("0.01") != std::string::npos);  // not 0.009999999776482582
  const Result<TrainConfig> back = train_config_from_json(json);
  REQUIRE(back.ok());
  CHECK(to_json(*back) == json);
  CHECK(back->seed == c.seed);
  CHECK(back->model.smeared_keys);
  const auto refused = [](const char* text) { return train_config_from_json(text).error().message; };
  CHECK(refused(R"({"bach": 3})").find("bach is not a known field") != std::string::npos);
  CHECK(refused(R"({"adamw": {"beta3": 1}})").find("adamw.beta3 is not a known field") != std::string::npos);
  CHECK(refused(R"({"schedule": {"kind": "step"}})").find("is not one of constant, cosine, linear") !=
        std::string::npos);
  CHECK(refused(R"({"seed": -1})").find("seed must be a whole number") != std::string::npos);
  CHECK(refused(R"({"model": 3})").find("model must be an object") != std::string::npos);
}

TEST_CASE("a damaged snapshot is refused, never half resumed") {
  const std::unique_ptr<Trainer> t = start(small());
  t->step();
  const std::vector<std::uint8_t> good = t->snapshot();
  for (std::size_t size = 0; size < good.size(); size += 97)
    CHECK_FALSE(Trainer::resume(good.data(), size).ok());
  const Result<io::SafeTensors> file = io::SafeTensors::parse(good.data(), good.size());
  REQUIRE(file.ok());
  // The same file with one piece changed.
  const auto rebuilt = [&](const std::string& skip, const std::map<std::string, std::string>& change,
                           Real poison, const std::string& poisoned = "model.embed.W_E") {
    io::Writer w;
    for (const io::TensorEntry& e : file->entries()) {
      if (e.name == skip) continue;
      Tensor x = io::to_tensor(e).value();
      if (e.name == poisoned && poison != 0) x.data[0] = poison;
      w.add(e.name, x, e.dtype);
    }
    std::map<std::string, std::string> metadata = file->metadata();
    for (const auto& entry : change) metadata[entry.first] = entry.second;
    for (const auto& entry : metadata) w.set_metadata(entry.first, entry.second);
    const std::vector<std::uint8_t> bytes = w.finish();
    const auto resumed = Trainer::resume(bytes.data(), bytes.size());
    return resumed.ok() ? std::string("resumed") : resumed.error().message;
  };
  CHECK(rebuilt("", {}, 0) == "resumed");
  CHECK(rebuilt("adamw.v.embed.W_E", {}, 0).find("tensors, the config needs") != std::string::npos);
  CHECK(rebuilt("", {{"attn.step", "-3"}}, 0).find("is not a count") != std::string::npos);
  CHECK(rebuilt("", {{"format", "pt"}}, 0).find("not a training snapshot") != std::string::npos);
  CHECK(rebuilt("", {{"attn.train", "{}"}}, 0) != "resumed");
  CHECK(rebuilt("", {}, std::nanf("")) != "resumed");
  CHECK(rebuilt("", {}, -1, "adamw.m.embed.W_E") == "resumed");
  CHECK(rebuilt("", {}, -1, "adamw.v.embed.W_E").find("a second moment below zero") != std::string::npos);
}
