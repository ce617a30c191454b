// Trains the model of chapter 14's function laboratory: functions RECIPE.json OUT.safetensors [SEED]
// Several fixed permutations of the letters; a line is ⊢ x₁ π(x₁) x₂ π(x₂) … of one permutation that nothing
// names, and the loss is taken at every x. The letters x of a line differ, so no answer can be copied from
// it: only the function can be found out. The state is kept beside OUT every 500 steps, and a stopped run
// goes on from it.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "attn/io/json.hpp"
#include "attn/model/checkpoint.hpp"
#include "attn/ops/cross_entropy.hpp"
#include "attn/train/trainer.hpp"

namespace {

using namespace attn;
using io::Json;

struct Recipe {
  ModelConfig model;
  std::vector<std::vector<TokenId>> functions;  // each a permutation of the letters
  std::string spelled;                          // the same as JSON, which goes into the file's metadata
  Index pairs = 0, batch = 0, steps = 0;
  AdamWConfig adamw;
  Schedule schedule;
  Real clip = 0;
  std::uint64_t seed = 1;
  Index letters() const { return static_cast<Index>(functions.at(0).size()); }
};

double number(const Json& object, const char* key) {
  const Json* found = object.find(key);
  if (!found || !found->is(Json::Type::number))
    throw std::runtime_error(std::string(key) + " must be a number");
  return found->number();
}

const Json& member(const Json& object, const char* key) {
  const Json* found = object.find(key);
  if (!found) throw std::runtime_error(std::string(key) + " is missing");
  return *found;
}

std::vector<std::uint8_t> read(const std::string& path) {
  std::vector<std::uint8_t> bytes;
  std::FILE* f = std::fopen(path.c_str(), "rb");
  if (!f) return bytes;
  std::uint8_t buffer[4096];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, f)) > 0;)
    bytes.insert(bytes.end(), buffer, buffer + n);
  std::fclose(f);
  return bytes;
}

void write(const std::string& path, const void* data, std::size_t size) {
  std::FILE* f = std::fopen(path.c_str(), "wb");
  if (!f) throw std::runtime_error("cannot write " + path);
  const bool ok = std::fwrite(data, 1, size, f) == size;
  if (std::fclose(f) != 0 || !ok) throw std::runtime_error("cannot write " + path);
}

Recipe read_recipe(const std::string& path) {
  const std::vector<std::uint8_t> bytes = read(path);
  const Json root = Json::parse(std::string(bytes.begin(), bytes.end())).value();
  Recipe r;
  r.model = model_config_from_json(member(root, "model").dump()).value();
  r.spelled = member(root, "functions").dump();
  for (const Json& row : member(root, "functions").items()) {
    std::vector<TokenId> f;
    for (const Json& y : row.items()) f.push_back(static_cast<TokenId>(y.number()));
    r.functions.push_back(std::move(f));
  }
  r.pairs = static_cast<Index>(number(root, "pairs"));
  r.batch = static_cast<Index>(number(root, "batch"));
  r.steps = static_cast<Index>(number(root, "steps"));
  r.clip = static_cast<Real>(number(root, "clip"));
  r.seed = static_cast<std::uint64_t>(number(root, "seed"));
  const Json& adamw = member(root, "adamw");
  r.adamw.beta1 = static_cast<Real>(number(adamw, "beta1"));
  r.adamw.beta2 = static_cast<Real>(number(adamw, "beta2"));
  r.adamw.weight_decay = static_cast<Real>(number(adamw, "weight_decay"));
  r.schedule.kind = ScheduleKind::cosine;
  r.schedule.learning_rate = static_cast<Real>(number(root, "learning_rate"));
  r.schedule.warmup = static_cast<Index>(number(root, "warmup"));
  r.schedule.total = r.steps;
  return r;
}

// What a step reads: drawn from a stream of its own, so that the generator is no part of the state.
struct Lines {
  TokenBatch inputs;
  std::vector<TokenId> targets;
  std::vector<Real> weights;
};

void draw(const Recipe& r, Rng& rng, Lines& out) {
  const Index T = 2 * r.pairs + 1, N = r.letters();
  out.inputs.batch = r.batch, out.inputs.length = T;
  out.inputs.tokens.clear(), out.targets.clear(), out.weights.clear();
  for (Index b = 0; b < r.batch; ++b) {
    const auto& f = r.functions[static_cast<std::size_t>(rng.below(static_cast<Index>(r.functions.size())))];
    const std::vector<Index> x = permutation(N, rng);
    std::vector<TokenId> line{static_cast<TokenId>(N)};  // ⊢
    for (Index i = 0; i < r.pairs; ++i) {
      const auto at = static_cast<std::size_t>(x[static_cast<std::size_t>(i)]);
      line.push_back(static_cast<TokenId>(at));
      line.push_back(f[at]);
    }
    for (Index t = 0; t < T; ++t) {
      out.inputs.tokens.push_back(line[static_cast<std::size_t>(t)]);
      out.targets.push_back(t + 1 < T ? line[static_cast<std::size_t>(t + 1)] : 0);
      out.weights.push_back(t % 2 == 1 ? Real(1) : Real(0));
    }
  }
}

struct Run {
  Model model;
  AdamWState adamw;
  Index steps = 0;
};

Run begin(const Recipe& r) {
  Run run{Model{r.model, Parameters(r.model)}, {}, 0};
  Rng init = stream(r.seed, Stream::init);
  initialise(run.model.parameters, r.model, init);
  run.adamw.m.assign(static_cast<std::size_t>(run.model.parameters.size()), Real(0));
  run.adamw.v = run.adamw.m;
  return run;
}

void keep(const Run& run, const std::string& path) {
  const ConstView flat = run.model.parameters.flat();
  const std::vector<Real> row =
      run_state(run.steps, std::vector<Real>(flat.begin(), flat.end()), run.adamw.m, run.adamw.v);
  write(path, row.data(), row.size() * sizeof(Real));
}

void resume(Run& run, const std::string& path) {
  const std::vector<std::uint8_t> bytes = read(path);
  if (bytes.empty()) return;
  std::vector<Real> row(bytes.size() / sizeof(Real)), weights(run.adamw.m.size());
  std::copy_n(bytes.begin(), row.size() * sizeof(Real), reinterpret_cast<std::uint8_t*>(row.data()));
  if (const Status s = read_run_state(row, run.steps, weights, run.adamw.m, run.adamw.v); !s.ok())
    throw std::runtime_error(path + ": " + s.error().message);
  std::copy(weights.begin(), weights.end(), run.model.parameters.flat().begin());
  run.adamw.step = run.steps;
  std::printf("goes on at step %d\n", static_cast<int>(run.steps));
}

void train(const Recipe& r, Run& run, const std::string& state) {
  Parameters gradients(r.model);
  Tape tape(Tape::Mode::training);
  Lines lines;
  for (; run.steps < r.steps; ++run.steps) {
    Rng rng(r.seed, 1024 + static_cast<std::uint64_t>(run.steps));
    draw(r, rng, lines);
    tape.reset();
    const Var logits = forward(tape, run.model, lines.inputs, ForwardOptions{nullptr, nullptr, &gradients});
    const CrossEntropy ce = cross_entropy(tape, logits, lines.targets.data(), lines.weights.data());
    std::fill(gradients.flat().begin(), gradients.flat().end(), Real(0));
    tape.backward(ce.loss);
    clip_gradients(gradients.flat(), r.clip);
    adamw_step(run.model.parameters, gradients.flat(), run.adamw, r.adamw,
               learning_rate(r.schedule, run.steps));
    if (run.steps % 500 == 499) {
      std::printf("step %d: loss %.4f, accuracy %.3f\n", static_cast<int>(run.steps + 1),
                  static_cast<double>(tape.value(ce.loss)[0]), static_cast<double>(ce.accuracy));
      std::fflush(stdout);
      ++run.steps;
      keep(run, state);
      --run.steps;
    }
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s RECIPE.json OUT.safetensors [SEED]\n", argv[0]);
    return 2;
  }
  Recipe recipe = read_recipe(argv[1]);
  if (argc > 3) recipe.seed = static_cast<std::uint64_t>(std::stoul(argv[3]));
  const std::string out = argv[2], state = out + ".state";
  Run run = begin(recipe);
  resume(run, state);
  train(recipe, run, state);
  const std::vector<std::uint8_t> file =
      save_model(run.model, {{"seed", std::to_string(recipe.seed)}, {"functions", recipe.spelled}});
  write(out, file.data(), file.size());
  std::remove(state.c_str());
  std::printf("%d parameters, %zu bytes\n", static_cast<int>(run.model.parameters.size()), file.size());
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
  return 1;
}
