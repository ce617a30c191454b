// The experiments of chapter 7, natively: chapter07 NAME RECIPE.json OUT.json COMMIT [SEEDS]
// NAME: births, counter, offsets, clones, markov, ablation. One JSON file each, with the config,
// the seeds and the commit; the tables in it are what the chapter quotes.
#include <cmath>
#include <cstdio>
#include <string>

#include "attn/analysis/interventions.hpp"
#include "attn/ops/cross_entropy.hpp"
#include "record.hpp"

namespace experiments {

namespace {

Json config_json(const TrainConfig& c) { return Json::parse(to_json(c)).value(); }

void progress(const char* what, const Run& run) {
  const Point& last = run.points.back();
  std::fprintf(stderr,
               "%-22s seed %llu: accuracy %.3f, previous %.3f, induction %.3f | 0.5 at %.0f / %.0f / %.0f\n",
               what, static_cast<unsigned long long>(run.config.seed), last.accuracy, previous_of(last),
               induction_of(last), crossing(run, accuracy_of), crossing(run, previous_of),
               crossing(run, induction_of));
}

Json births_of(const Run& run) {
  Json j = Json::object();
  j.set("accuracy", number(crossing(run, accuracy_of)));
  j.set("previous", number(crossing(run, previous_of)));
  j.set("induction", number(crossing(run, induction_of)));
  return j;
}

// Runs one config over the seeds; every run with its births and its curves (each 20 steps).
Json over_seeds(const char* what, TrainConfig config, const TaskConfig& held_out, int seeds) {
  Json j = Json::object(), runs = Json::array();
  j.set("name", Json::of(std::string(what)));
  j.set("config", config_json(config));
  j.set("heldOut", Json::parse(to_json(held_out)).value());
  for (int seed = 1; seed <= seeds; ++seed) {
    config.seed = static_cast<std::uint64_t>(seed);
    Measurement how;
    how.held_out = held_out;
    const Run run = train(config, how);
    progress(what, run);
    Json row = to_json(run, 20);
    row.set("births", births_of(run));
    runs.push(std::move(row));
  }
  j.set("runs", std::move(runs));
  return j;
}

Json births(const TrainConfig& recipe, int seeds) { return over_seeds("recipe", recipe, recipe.task, seeds); }

// What should keep the induction head from appearing, or make it unnecessary.
Json counter(const TrainConfig& recipe, int seeds) {
  Json all = Json::array();
  TrainConfig c = recipe;
  c.model.layers = 1;
  all.push(over_seeds("one layer", c, recipe.task, seeds));
  c.model.smeared_keys = true;
  all.push(over_seeds("one layer, smeared", c, recipe.task, seeds));
  c = recipe;
  c.task.kind = TaskKind::uniform;
  all.push(over_seeds("uniform data", c, recipe.task, seeds));
  c.task.kind = TaskKind::ngram;
  all.push(over_seeds("n-gram data", c, recipe.task, seeds));
  c = recipe;
  c.model.position = PositionKind::none;
  all.push(over_seeds("no positions", c, recipe.task, seeds));
  return all;
}

// Accuracy of a trained model on repeats at every distance of the recipe.
Json by_offset(Run& run, TaskConfig task) {
  Json table = Json::array();
  const Index first = task.segment_min, last = task.segment_max;
  for (Index S = first; S <= last; ++S) {
    task.segment_min = task.segment_max = S;
    Rng rng = stream(run.config.seed, Stream::evaluation);
    const StepMetrics m = run.trainer->evaluate(make_batch(task, 64, rng));
    Json cell = Json::object();
    cell.set("offset", Json::of(static_cast<double>(S)));
    cell.set("accuracy", number(static_cast<double>(m.accuracy)));
    cell.set("loss", number(static_cast<double>(m.loss)));
    table.push(std::move(cell));
    std::fprintf(stderr, "   offset %2ld: accuracy %.3f\n", static_cast<long>(S),
                 static_cast<double>(m.accuracy));
  }
  return table;
}

// Trained at one distance, tested at every distance.
Json offsets(const TrainConfig& recipe, int seeds) {
  Json all = Json::array();
  for (const Index layers : {1, 2}) {
    TrainConfig c = recipe;
    c.model.layers = layers;
    c.task.fixed_offset = true;
    Json j = Json::object(), runs = Json::array();
    j.set("layers", Json::of(static_cast<double>(layers)));
    j.set("config", config_json(c));
    for (int seed = 1; seed <= seeds; ++seed) {
      c.seed = static_cast<std::uint64_t>(seed);
      Measurement how;
      how.held_out = c.task;
      Run run = train(c, how);
      progress(layers == 1 ? "fixed offset, 1 layer" : "fixed offset, 2 layers", run);
      Json row = to_json(run, 20);
      row.set("births", births_of(run));
      row.set("byOffset", by_offset(run, recipe.task));
      runs.push(std::move(row));
    }
    j.set("runs", std::move(runs));
    all.push(std::move(j));
  }
  return all;
}

// The largest difference between any two heads of a layer, over W_Q, W_K, W_V and W_O.
double head_difference(const Model& model) {
  const Index H = model.config.heads, d = model.config.resolved_head_width(), D = model.config.width;
  double worst = 0;
  for (Index layer = 0; layer < model.config.layers; ++layer) {
    const std::string block = "blocks." + std::to_string(layer) + ".attn.";
    for (const char* name : {"W_Q", "W_K", "W_V"}) {
      const ConstView w = model.parameters[block + name];  // [D, H, d]
      for (Index r = 0; r < D; ++r)
        for (Index h = 1; h < H; ++h)
          for (Index i = 0; i < d; ++i)
            worst = std::max(worst, static_cast<double>(std::abs(w[(r * H + h) * d + i] - w[r * H * d + i])));
    }
    const ConstView o = model.parameters[block + "W_O"];  // [H, d, D]
    for (Index h = 1; h < H; ++h)
      for (Index i = 0; i < d * D; ++i)
        worst = std::max(worst, static_cast<double>(std::abs(o[h * d * D + i] - o[i])));
  }
  return worst;
}

Json clones(const TrainConfig& recipe, int seeds) {
  Json all = Json::array();
  for (const Real noise : {Real(0), Real(1e-3), Real(1e-1)}) {
    TrainConfig c = recipe;
    c.model.identical_heads = true;
    c.model.head_noise = noise;
    Json j = Json::object(), runs = Json::array();
    j.set("noise", Json::of(std::round(static_cast<double>(noise) * 1e6) / 1e6));
    j.set("config", config_json(c));
    for (int seed = 1; seed <= seeds; ++seed) {
      c.seed = static_cast<std::uint64_t>(seed);
      Measurement how;
      how.held_out = c.task;
      const Run run = train(c, how);
      progress("clones", run);
      TrainConfig start = c;
      start.steps = 0;
      const double before = head_difference(train(start, how).trainer->model());
      const double after = head_difference(run.trainer->model());
      std::fprintf(stderr, "   noise %g: max head difference %g -> %g\n", static_cast<double>(noise), before,
                   after);
      Json row = to_json(run, 20);
      row.set("differenceBefore", Json::of(before));
      row.set("differenceAfter", Json::of(after));
      row.set("births", births_of(run));
      runs.push(std::move(row));
    }
    j.set("runs", std::move(runs));
    all.push(std::move(j));
  }
  return all;
}

std::string closest(const Divergences& k) {
  if (k.uniform <= k.unigram && k.uniform <= k.bigram) return "uniform";
  return k.unigram <= k.bigram ? "unigram" : "bigram";
}

// The three curves, and the steps at which another strategy becomes the closest.
Json markov_row(const Run& run) {
  Json row = to_json(run, 25), uniform = Json::array(), unigram = Json::array(), bigram = Json::array(),
       changes = Json::array();
  std::string before;
  for (const Point& p : run.points) {
    const Divergences& k = p.strategies;
    uniform.push(number(k.uniform));
    unigram.push(number(k.unigram));
    bigram.push(number(k.bigram));
    const std::string now = closest(k);
    if (now == before) continue;
    Json change = Json::object();
    change.set("step", Json::of(static_cast<double>(p.step)));
    change.set("closest", Json::of(now));
    changes.push(std::move(change));
    std::fprintf(stderr, "   step %ld: closest is %s (%.3f %.3f %.3f)\n", static_cast<long>(p.step),
                 now.c_str(), k.uniform, k.unigram, k.bigram);
    before = now;
  }
  row.set("uniform", std::move(uniform));
  row.set("unigram", std::move(unigram));
  row.set("bigram", std::move(bigram));
  row.set("closest", std::move(changes));
  return row;
}

// Edelman et al. 2024 at a size for minutes: k = 3, T = 64, D = 32, one head, two layers.
Json markov(const TrainConfig& recipe, int seeds) {
  TrainConfig c = recipe;
  c.model.vocab = c.task.vocab = 3;
  c.model.context = c.task.length = 64;
  c.model.width = 32;
  c.model.heads = 1;
  c.task.kind = TaskKind::markov;
  c.schedule.learning_rate = Real(3e-3);
  c.steps = 2400;
  Json j = Json::object(), runs = Json::array();
  j.set("config", config_json(c));
  for (int seed = 1; seed <= seeds; ++seed) {
    c.seed = static_cast<std::uint64_t>(seed);
    Measurement how;
    how.held_out = c.task;
    how.evaluation_batch = 64;
    how.probe_batch = 0;
    how.every = 25;
    const Run run = train(c, how);
    runs.push(markov_row(run));
    const Divergences &start = run.points.front().strategies, &end = run.points.back().strategies;
    std::fprintf(stderr, "markov seed %d: start %.3f %.3f %.3f, end %.3f %.3f %.3f\n", seed, start.uniform,
                 start.unigram, start.bigram, end.uniform, end.unigram, end.bigram);
  }
  j.set("runs", std::move(runs));
  return j;
}

// Held-out loss and accuracy with some heads ablated.
Json ablated(const Run& run, const TaskBatch& batch, const std::vector<HeadRef>& heads, Ablation how,
             const char* label) {
  const Model& model = run.trainer->model();
  Hooks hooks;
  AblationScopes scopes;
  Rng rng = stream(run.config.seed, Stream::probe);
  ablate(hooks, model, batch.inputs, heads, how, rng, scopes);
  Tape tape(Tape::Mode::inference);
  const Var logits = forward(tape, model, batch.inputs, ForwardOptions{&hooks, nullptr, nullptr});
  const CrossEntropy ce = cross_entropy(tape, logits, batch.targets.data(), batch.weights.data());
  const char* names[] = {"zero", "mean", "resample"};
  Json j = Json::object(), list = Json::array();
  for (const HeadRef& h : heads)
    list.push(Json::of("L" + std::to_string(h.layer) + "H" + std::to_string(h.head)));
  j.set("what", Json::of(std::string(label)));
  j.set("heads", std::move(list));
  j.set("how", Json::of(std::string(names[static_cast<int>(how)])));
  j.set("loss", number(static_cast<double>(tape.value(ce.loss)[0])));
  j.set("accuracy", number(static_cast<double>(ce.accuracy)));
  std::fprintf(stderr, "   %-34s %-8s loss %.3f accuracy %.3f\n", label, names[static_cast<int>(how)],
               static_cast<double>(tape.value(ce.loss)[0]), static_cast<double>(ce.accuracy));
  return j;
}

// Which head did the work: ablate the strongest of each kind, all of the kind, and the weakest as a control.
Json ablation(const TrainConfig& recipe, int seeds) {
  Json j = Json::object(), runs = Json::array();
  j.set("config", config_json(recipe));
  for (int seed = 1; seed <= seeds; ++seed) {
    TrainConfig c = recipe;
    c.seed = static_cast<std::uint64_t>(seed);
    Measurement how;
    how.held_out = c.task;
    how.every = 100;
    const Run run = train(c, how);
    progress("ablation", run);
    const Point& end = run.points.back();
    const int previous = best_head(end, 0, &HeadScores::previous),
              induction = best_head(end, 1, &HeadScores::induction);
    std::vector<HeadRef> all_previous, all_induction, one{{0, previous}}, two{{1, induction}};
    HeadRef weakest0{0, -1}, weakest1{1, -1};
    Real low0 = 2, low1 = 2;
    for (const HeadScores& s : end.heads) {
      if (s.layer == 0 && s.previous > Real(0.3)) all_previous.push_back({0, s.head});
      if (s.layer == 1 && s.induction > Real(0.3)) all_induction.push_back({1, s.head});
      if (s.layer == 0 && s.previous < low0) low0 = s.previous, weakest0.head = s.head;
      if (s.layer == 1 && s.induction < low1) low1 = s.induction, weakest1.head = s.head;
    }
    Rng rng = stream(c.seed, Stream::evaluation);
    const TaskBatch batch = make_batch(c.task, 128, rng);
    Json row = to_json(run, 100), table = Json::array();
    for (const Ablation a : {Ablation::zero, Ablation::mean, Ablation::resample}) {
      table.push(ablated(run, batch, two, a, "strongest induction head"));
      table.push(ablated(run, batch, all_induction, a, "all induction heads (> 0.3)"));
      table.push(ablated(run, batch, {weakest1}, a, "weakest head of layer 1 (control)"));
      table.push(ablated(run, batch, one, a, "strongest previous-token head"));
      table.push(ablated(run, batch, all_previous, a, "all previous-token heads (> 0.3)"));
      table.push(ablated(run, batch, {weakest0}, a, "weakest head of layer 0 (control)"));
    }
    row.set("ablations", std::move(table));
    runs.push(std::move(row));
  }
  j.set("runs", std::move(runs));
  return j;
}

}  // namespace

}  // namespace experiments

int main(int argc, char** argv) {
  using namespace experiments;
  return run_program(argc, argv,
                     {{"births", births},
                      {"counter", counter},
                      {"offsets", offsets},
                      {"clones", clones},
                      {"markov", markov},
                      {"ablation", ablation}},
                     "128 held-out sequences (markov: 64); heads on 64 random repeats of half the context; "
                     "one set per seed");
}
