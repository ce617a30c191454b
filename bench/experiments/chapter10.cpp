// The experiments of chapter 10, natively: chapter10 NAME RECIPE.json OUT.json COMMIT [SEEDS]
// NAME: redundancy (eight heads a layer, taken out in pairs and one after another) or blowup (learning rates
// with and without QK-norm). One JSON file each.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "attn/analysis/activations.hpp"
#include "attn/analysis/interventions.hpp"
#include "attn/analysis/similarity.hpp"
#include "attn/math/softmax.hpp"
#include "record.hpp"

namespace experiments {

namespace {

double d(Real x) { return static_cast<double>(x); }

// Loss and accuracy over the counted positions with some heads replaced by their means.
struct Verdict {
  double loss = 0, accuracy = 0;
};
Verdict without(const Model& model, const TaskBatch& batch, const std::vector<HeadRef>& off) {
  Hooks hooks;
  AblationScopes scopes;
  Rng rng(1);
  if (!off.empty()) ablate(hooks, model, batch.inputs, off, Ablation::mean, rng, scopes);
  Tape tape(Tape::Mode::inference);
  ForwardOptions options;
  options.hooks = &hooks;
  const ConstView logits = tape.value(forward(tape, model, batch.inputs, options));
  const Index V = model.config.vocab;
  Verdict v;
  double count = 0;
  for (std::size_t i = 0; i < batch.targets.size(); ++i) {
    if (batch.weights[i] == 0) continue;
    const Real* row = logits.data + static_cast<Index>(i) * V;
    v.loss += d(log_sum_exp(row, V) - row[batch.targets[i]]);
    v.accuracy += std::max_element(row, row + V) - row == batch.targets[i] ? 1 : 0;
    ++count;
  }
  return {v.loss / count, v.accuracy / count};
}

HeadRef head_at(Index i, Index heads) { return {static_cast<int>(i / heads), static_cast<int>(i % heads)}; }

Json upper(ConstView matrix, Index n) {  // above the diagonal, row by row
  Json out = Json::array();
  for (Index i = 0; i < n; ++i)
    for (Index j = i + 1; j < n; ++j) out.push(number(d(matrix[i * n + j])));
  return out;
}

// The least harmful head first, then the least harmful of the rest …
Json greedy(const Model& m, const TaskBatch& batch, Index n) {
  Json order = Json::array(), loss = Json::array(), accuracy = Json::array();
  std::vector<HeadRef> off;
  std::vector<bool> gone(static_cast<std::size_t>(n));
  while (static_cast<Index>(off.size()) < n) {
    Index best = -1;
    Verdict least;
    for (Index i = 0; i < n; ++i) {
      if (gone[static_cast<std::size_t>(i)]) continue;
      off.push_back(head_at(i, m.config.heads));
      const Verdict v = without(m, batch, off);
      off.pop_back();
      if (best < 0 || v.loss < least.loss) best = i, least = v;
    }
    off.push_back(head_at(best, m.config.heads));
    gone[static_cast<std::size_t>(best)] = true;
    order.push(Json::of(static_cast<double>(best)));
    loss.push(number(least.loss));
    accuracy.push(number(least.accuracy));
  }
  Json out = Json::object();
  out.set("order", std::move(order));
  out.set("loss", std::move(loss));
  out.set("accuracy", std::move(accuracy));
  return out;
}

Json lesions(const Model& m, const TaskBatch& batch, const Verdict& whole) {
  const Index H = m.config.heads, n = m.config.layers * H;
  Json single = Json::array(), pair = Json::array(), layers = Json::array();
  for (Index i = 0; i < n; ++i) single.push(number(without(m, batch, {head_at(i, H)}).loss - whole.loss));
  for (Index i = 0; i < n; ++i)
    for (Index j = i + 1; j < n; ++j)
      pair.push(number(without(m, batch, {head_at(i, H), head_at(j, H)}).loss - whole.loss));
  for (Index l = 0; l < m.config.layers; ++l) {
    std::vector<HeadRef> all;
    for (Index h = 0; h < H; ++h) all.push_back(head_at(l * H + h, H));
    layers.push(number(without(m, batch, all).loss - whole.loss));
  }
  Json out = Json::object();
  out.set("single", std::move(single));
  out.set("pair", std::move(pair));
  out.set("layers", std::move(layers));
  return out;
}

Json redundancy(const TrainConfig& recipe, int seeds) {
  Json runs = Json::array();
  for (int seed = 1; seed <= seeds; ++seed) {
    TrainConfig c = recipe;
    c.model.heads = 8, c.model.head_width = 16;
    c.seed = static_cast<std::uint64_t>(seed);
    Measurement how;
    how.held_out = c.task;
    how.every = c.steps;
    const Run run = train(c, how);
    const Model& m = run.trainer->model();
    Rng rng = stream(c.seed, Stream::evaluation);
    const TaskBatch batch = make_batch(c.task, 64, rng);
    const Verdict whole = without(m, batch, {});
    const HeadSimilarity alike = head_similarity(m, batch.inputs);
    const Index n = m.config.layers * m.config.heads;
    Json j = lesions(m, batch, whole), heads = Json::array();
    for (const HeadScores& s : run.points.back().heads) heads.push(to_json(s));
    j.set("seed", Json::of(static_cast<double>(seed)));
    j.set("loss", number(whole.loss));
    j.set("accuracy", number(whole.accuracy));
    j.set("js", upper(alike.pattern_distance.view(), n));
    j.set("cka", upper(alike.output_cka.view(), n));
    j.set("greedy", greedy(m, batch, n));
    j.set("heads", std::move(heads));
    std::fprintf(stderr, "seed %d: loss %.3f accuracy %.3f\n", seed, whole.loss, whole.accuracy);
    runs.push(std::move(j));
  }
  return runs;
}

// Largest |score| a query sees, over layers.
double largest_score(const Model& m, const TokenBatch& batch) {
  double largest = 0;
  const std::vector<HookPoint> points = in_every_layer(m, Site::attn_scores);
  const Activations run = record(m, batch, points);
  for (HookPoint p : points)
    for (Real s : run.at(p).data)
      if (std::isfinite(s)) largest = std::max(largest, std::abs(d(s)));
  return largest;
}

Json one_rate(TrainConfig c) {
  Measurement how;
  how.held_out = c.task;
  Rng rng = stream(c.seed, Stream::evaluation);
  const TaskBatch batch = make_batch(how.held_out, 32, rng);
  Json j = Json::object(), steps = Json::array(), loss = Json::array(), entropy = Json::array(),
       score = Json::array();
  std::unique_ptr<Trainer> trainer = Trainer::create(c).value();
  for (Index step = 0;; ++step) {
    if (step % 25 == 0) {
      double bits = 0;
      const std::vector<HeadScores> heads = head_scores(trainer->model(), batch.inputs);
      for (const HeadScores& h : heads) bits += d(h.entropy) / static_cast<double>(heads.size());
      steps.push(Json::of(static_cast<double>(step)));
      loss.push(number(d(trainer->evaluate(batch).loss)));
      entropy.push(number(bits));
      score.push(number(largest_score(trainer->model(), batch.inputs)));
    }
    if (step == c.steps) break;
    if (!std::isfinite(trainer->step().loss)) break;
  }
  j.set("seed", Json::of(static_cast<double>(c.seed)));
  j.set("rate", Json::of(static_cast<double>(c.schedule.learning_rate)));
  j.set("qkNorm", Json::of(c.model.qk_norm));
  j.set("steps", std::move(steps));
  j.set("loss", std::move(loss));
  j.set("entropy", std::move(entropy));
  j.set("score", std::move(score));
  return j;
}

Json blowup(const TrainConfig& recipe, int seeds) {
  Json runs = Json::array();
  for (const double rate : {0.01, 0.03, 0.1})
    for (const bool norm : {false, true})
      for (int seed = 1; seed <= seeds; ++seed) {
        TrainConfig c = recipe;
        c.steps = 300;
        c.model.mlp = MlpKind::gelu;
        c.model.mlp_width = 128;
        c.model.qk_norm = norm;
        c.schedule.learning_rate = static_cast<Real>(rate);
        c.seed = static_cast<std::uint64_t>(seed);
        runs.push(one_rate(c));
        std::fprintf(stderr, "rate %g %s seed %d\n", rate, norm ? "qk-norm" : "plain", seed);
      }
  return runs;
}

}  // namespace

}  // namespace experiments

int main(int argc, char** argv) {
  using namespace experiments;
  return run_program(
      argc, argv, {{"redundancy", redundancy}, {"blowup", blowup}},
      "64 (redundancy) or 32 (blowup) held-out sequences of the recipe's task; heads replaced by "
      "their means over them");
}
