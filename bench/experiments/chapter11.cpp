// The experiments of chapter 11, natively: chapter11 SECTION RECIPE.json OUT.jsonl COMMIT SEED...
// Every seed trains a base by the recipe (700 steps, as a reader does in the page; section late: fewer or
// more) and adapts it in many ways; a line of JSON each. SECTION: grid (one matrix, both layers or one),
// ranks, all (four matrices, adapters and full), rates (other learning rates), long and long-all
// (four times the steps).
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "attn/adapt/fine_tuning.hpp"
#include "attn/adapt/head_change.hpp"
#include "attn/analysis/activations.hpp"
#include "record.hpp"

namespace experiments {
namespace {

constexpr Index every = 25, exam = 128;
const char* const text = "вьюгашумитвьюгашумитвью";

struct Plan {
  Goal goal;
  std::string matrices;
  int layer;  // -1: both
  Index rank;
  double rate;
  Index base = 700;   // steps of the base
  Index steps = 400;  // of the adapters
};

std::vector<Plan> plans(const std::string& section) {
  std::vector<Plan> out;
  if (section == "grid")
    for (const int layer : {-1, 0, 1})
      for (const Goal goal : {Goal::shift, Goal::permute})
        for (const char* m : {"q", "k", "v", "o"}) out.push_back({goal, m, layer, 4, 0.01});
  if (section == "ranks")
    for (const Index rank : {1, 2, 8, 16}) {
      out.push_back({Goal::shift, "k", -1, rank, 0.01});
      out.push_back({Goal::permute, "o", -1, rank, 0.01});
    }
  if (section == "all")
    for (const Goal goal : {Goal::shift, Goal::permute}) {
      out.push_back({goal, "qkvo", -1, 4, 0.01});
      out.push_back({goal, "qkvo", -1, 0, 0.001});
    }
  if (section == "rates")
    for (const double rate : {0.003, 0.03})
      for (const char* m : {"q", "k", "v", "o", "qkvo"})
        for (const Goal goal : {Goal::shift, Goal::permute}) out.push_back({goal, m, -1, 4, rate});
  if (section == "long")
    for (const Goal goal : {Goal::shift, Goal::permute})
      for (const char* m : {"q", "k", "v", "o"}) out.push_back({goal, m, -1, 4, 0.01, 700, 1600});
  if (section == "long-all")
    for (const Goal goal : {Goal::shift, Goal::permute})
      out.push_back({goal, "qkvo", -1, 4, 0.01, 700, 1600});
  if (section == "late")
    for (const Index base : {400, 1200, 2000}) {
      out.push_back({Goal::shift, "k", -1, 4, 0.01, base});
      out.push_back({Goal::permute, "o", -1, 4, 0.01, base});
    }
  return out;
}

Json numbers(const std::vector<Real>& xs) {
  Json out = Json::array();
  for (const Real x : xs) out.push(number(static_cast<double>(x)));
  return out;
}

// Mean weight at t - 1, t - 2, the same token before, the one after it, the one after that: [L·H][5].
Json looks(const Model& model, const TaskBatch& batch) {
  const Activations run = record(model, batch.inputs, in_every_layer(model, Site::pattern));
  const Index H = model.config.heads, T = batch.inputs.length;
  Json out = Json::array();
  for (int l = 0; l < static_cast<int>(model.config.layers); ++l)
    for (Index h = 0; h < H; ++h) {
      const Tensor& p = run.at({Site::pattern, l});
      std::vector<Real> sums(5);
      double asked = 0;
      for (Index b = 0; b < batch.inputs.batch; ++b)
        for (Index t = 0; t < T; ++t) {
          const auto i = static_cast<std::size_t>(b * T + t);
          if (!(batch.weights[i] > 0)) continue;
          const Index m = batch.match[i], at[] = {t - 1, t - 2, m, m + 1, m + 2};
          for (std::size_t j = 0; j < 5; ++j)
            sums[j] += p.data[static_cast<std::size_t>(((b * H + h) * T + t) * T + at[j])];
          ++asked;
        }
      for (Real& s : sums) s /= static_cast<Real>(asked);
      out.push(numbers(sums));
    }
  return out;
}

// Every head's map of the text, lower triangles in bytes.
Json maps(const Model& model) {
  TokenBatch batch;
  for (const char* c = text; *c; c += 2) {  // а is D0 B0 … п D0 BF, р D1 80 …
    const auto high = static_cast<unsigned char>(c[0]), low = static_cast<unsigned char>(c[1]);
    batch.tokens.push_back(static_cast<TokenId>(high == 0xD0 ? low - 0xB0 : low - 0x80 + 16));
  }
  batch.batch = 1, batch.length = static_cast<Index>(batch.tokens.size());
  const Activations run = record(model, batch, in_every_layer(model, Site::pattern));
  Json out = Json::array();
  for (int l = 0; l < static_cast<int>(model.config.layers); ++l)
    for (Index h = 0; h < model.config.heads; ++h) {
      Json map = Json::array();
      for (Index t = 0; t < batch.length; ++t)
        for (Index s = 0; s <= t; ++s)
          map.push(Json::of(std::round(
              255 * static_cast<double>(
                        run.at({Site::pattern, l})
                            .data[static_cast<std::size_t>((h * batch.length + t) * batch.length + s)]))));
      out.push(std::move(map));
    }
  return out;
}

Json measure(const Model& base, const TaskConfig& task, const Plan& plan, std::uint64_t seed) {
  FineTuneConfig config;
  config.goal = plan.goal, config.seed = seed;
  config.learning_rate = static_cast<Real>(plan.rate);
  const auto has = [&](char c) { return plan.matrices.find(c) != std::string::npos; };
  config.lora.query = has('q'), config.lora.key = has('k'), config.lora.value = has('v'),
  config.lora.output = has('o');
  config.lora.rank = plan.rank, config.lora.alpha = static_cast<Real>(plan.rank ? plan.rank : 1);
  if (plan.layer >= 0) config.lora.layers = {plan.layer};
  FineTuning run(base, task, config);
  std::vector<Real> way, kept;
  for (Index s = 0; s <= plan.steps; s += every) {
    way.push_back(run.evaluate(plan.goal, exam).accuracy),
        kept.push_back(run.evaluate(Goal::same, exam).accuracy);
    for (Index i = 0; i < every && s < plan.steps; ++i) run.step();
  }
  const TaskBatch batch = exam_of(task, plan.goal, exam, seed), known = exam_of(task, Goal::same, 64, seed);
  const HeadChange c = head_change(base, run.merged(), batch.inputs, counted(batch));
  Json out = Json::object();
  out.set("goal", Json::of(std::string(plan.goal == Goal::shift ? "shift" : "permute")));
  out.set("matrices", Json::of(plan.matrices));
  out.set("layers", Json::of(plan.layer < 0 ? std::string("both") : std::to_string(plan.layer)));
  out.set("rank", Json::of(static_cast<double>(plan.rank)));
  out.set("rate", Json::of(plan.rate)), out.set("steps", Json::of(static_cast<double>(plan.steps)));
  out.set("seed", Json::of(static_cast<double>(seed)));
  out.set("parameters", Json::of(static_cast<double>(run.lora().weights().size())));
  out.set("way", numbers(way)), out.set("kept", numbers(kept));
  out.set("base", number(static_cast<double>(c.base))),
      out.set("tuned", number(static_cast<double>(c.tuned)));
  out.set("weights", numbers(c.weights.data)), out.set("divergence", numbers(c.divergence.data));
  out.set("enough", numbers(c.enough.data)), out.set("needed", numbers(c.needed.data));
  out.set("layerEnough", numbers(c.layer_enough.data)), out.set("layerNeeded", numbers(c.layer_needed.data));
  out.set("before", looks(base, known)), out.set("after", looks(run.merged(), known));
  if (seed == 1) out.set("mapsBefore", maps(base)), out.set("mapsAfter", maps(run.merged()));
  return out;
}

Model trained(TrainConfig recipe, std::uint64_t seed, Index base_steps) {
  recipe.seed = seed, recipe.steps = base_steps;
  const std::unique_ptr<Trainer> trainer = std::move(Trainer::create(recipe)).value();
  for (Index i = 0; i < base_steps; ++i) trainer->step();
  return trainer->model();
}

}  // namespace
}  // namespace experiments

int main(int argc, char** argv) {
  using namespace experiments;
  if (argc < 6) return std::fprintf(stderr, "chapter11 SECTION RECIPE.json OUT.jsonl COMMIT SEED...\n"), 2;
  std::ifstream file(argv[2]);
  const std::string recipe((std::istreambuf_iterator<char>(file)), {});
  const Result<TrainConfig> config = train_config_from_json(recipe);
  if (!config) return std::fprintf(stderr, "%s\n", config.error().message.c_str()), 1;
  for (int i = 5; i < argc; ++i) {
    const auto seed = static_cast<std::uint64_t>(std::atoi(argv[i]));
    std::map<Index, Model> bases;
    for (const Plan& plan : plans(argv[1])) {
      if (!bases.count(plan.base)) bases.emplace(plan.base, trained(config.value(), seed, plan.base));
      Json row = measure(bases.at(plan.base), config.value().task, plan, seed);
      row.set("baseSteps", Json::of(static_cast<double>(plan.base)));
      row.set("section", Json::of(std::string(argv[1]))), row.set("commit", Json::of(std::string(argv[4])));
      std::ofstream(argv[3], std::ios::app) << row.dump() << "\n";
      std::fprintf(stderr, "%s %d %s %s %s %g: %g\n", argv[1], static_cast<int>(seed),
                   row.find("goal")->string().c_str(), plan.matrices.c_str(),
                   row.find("layers")->string().c_str(), static_cast<double>(plan.rank),
                   row.find("tuned")->number());
    }
  }
  return 0;
}
