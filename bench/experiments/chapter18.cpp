// The experiments of chapter 18, natively: chapter18 NAME RECIPE.json OUT.json COMMIT [SEEDS]
// NAME: edge (learning rates up to where training breaks, and what moves that place), widths (that place at
// other widths), place or place-deep (pre- and post-norm at several depths, with and without warm-up). One
// JSON file each.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "attn/analysis/activations.hpp"
#include "record.hpp"

namespace experiments {

namespace {

double d(Real x) { return static_cast<double>(x); }

// What the attention of a model looks like on a batch: means over layers, heads and rows that have a choice.
struct Look {
  double entropy = 0;   // nats
  double jacobian = 0;  // ‖diag(p) − ppᵀ‖_F of a row: what softmax lets back
  double score = 0;     // the largest |score| seen
  double slope = 1;     // of the soft-cap, mean over the scores seen: 1 − (z / c)²
};

void add_row(const Real* p, Index n, Look& look) {
  double p2 = 0, p3 = 0, h = 0;
  for (Index j = 0; j < n; ++j) {
    const double x = d(p[j]);
    p2 += x * x, p3 += x * x * x;
    if (x > 0) h -= x * std::log(x);
  }
  look.entropy += h;
  look.jacobian += std::sqrt(std::max(0.0, p2 - 2 * p3 + p2 * p2));
}

void add_scores(const Activations& run, const std::vector<HookPoint>& points, double cap, Look& look) {
  double slope = 0, seen = 0;
  for (const HookPoint p : points)
    for (const Real s : run.at(p).data) {
      if (!std::isfinite(s)) continue;  // masked
      look.score = std::max(look.score, std::abs(d(s)));
      slope += cap > 0 ? 1 - (d(s) / cap) * (d(s) / cap) : 1;
      ++seen;
    }
  look.slope = slope / seen;
}

Look look_at(const Model& m, const TokenBatch& batch) {
  const std::vector<HookPoint> patterns = in_every_layer(m, Site::pattern);
  const std::vector<HookPoint> scores = in_every_layer(m, Site::attn_scores);
  std::vector<HookPoint> points = patterns;
  points.insert(points.end(), scores.begin(), scores.end());
  const Activations run = record(m, batch, points);
  Look look;
  double rows = 0;
  for (const HookPoint p : patterns) {
    const Tensor& a = run.at(p);  // [B, H, T, T]
    const Index T = a.shape[2], maps = a.shape[0] * a.shape[1];
    for (Index i = 0; i < maps; ++i)
      for (Index t = 1; t < T; ++t, ++rows) add_row(a.data.data() + (i * T + t) * T, t + 1, look);
  }
  look.entropy /= rows;
  look.jacobian /= rows;
  add_scores(run, scores, d(m.config.softcap), look);
  return look;
}

// Trains and looks every so many steps; ends early where the loss is no longer a number.
Json measured_run(const TrainConfig& c, Index every) {
  Rng rng = stream(c.seed, Stream::evaluation);
  const TaskBatch batch = make_batch(c.task, 64, rng);
  std::unique_ptr<Trainer> trainer = Trainer::create(c).value();
  Json steps = Json::array(), loss = Json::array(), accuracy = Json::array(), entropy = Json::array(),
       jacobian = Json::array(), score = Json::array(), slope = Json::array();
  bool finite = true;
  for (Index step = 0;; ++step) {
    if (step % every == 0) {
      const StepMetrics m = trainer->evaluate(batch);
      const Look look = look_at(trainer->model(), batch.inputs);
      steps.push(Json::of(static_cast<double>(step)));
      loss.push(number(d(m.loss)));
      accuracy.push(number(d(m.accuracy)));
      entropy.push(number(look.entropy));
      jacobian.push(number(look.jacobian));
      score.push(number(look.score));
      slope.push(number(look.slope));
    }
    if (step == c.steps) break;
    const StepMetrics m = trainer->step();
    finite = std::isfinite(m.loss) && std::isfinite(m.grad_norm);
    if (!finite) break;
  }
  Json j = Json::object();
  j.set("seed", Json::of(static_cast<double>(c.seed)));
  j.set("rate", Json::of(std::round(d(c.schedule.learning_rate) * 1e6) / 1e6));
  j.set("finite", Json::of(finite));
  j.set("steps", std::move(steps));
  j.set("loss", std::move(loss));
  j.set("accuracy", std::move(accuracy));
  j.set("entropy", std::move(entropy));
  j.set("jacobian", std::move(jacobian));
  j.set("score", std::move(score));
  j.set("slope", std::move(slope));
  return j;
}

// A task that nothing but attention can do, and one head suffices for: the token before. Small, so that a run
// takes a moment in the page and twelve layers a few seconds.
TrainConfig small(TrainConfig c, Index layers, double rate, int seed) {
  c.batch = 16;
  c.clip = 0;
  c.model.vocab = c.task.vocab = 16;
  c.model.context = c.task.length = 16;
  c.model.width = 32;
  c.model.layers = layers;
  c.task.kind = TaskKind::previous;
  c.schedule.learning_rate = static_cast<Real>(rate);
  c.seed = static_cast<std::uint64_t>(seed);
  return c;
}

struct Remedy {
  const char* name;
  void (*apply)(TrainConfig& c);
};

// Each on its own against the bare recipe: no clipping, no warm-up, nothing on the scores.
constexpr Index warmup = 100;
const Remedy remedies[] = {
    {"bare", [](TrainConfig&) {}},
    {"clip", [](TrainConfig& c) { c.clip = 1; }},
    {"warmup", [](TrainConfig& c) { c.schedule.warmup = warmup; }},
    {"cap30", [](TrainConfig& c) { c.model.softcap = 30; }},
    {"cap3", [](TrainConfig& c) { c.model.softcap = std::sqrt(Real(8)); }},
    {"norm", [](TrainConfig& c) { c.model.qk_norm = true; }},
    {"unscaled", [](TrainConfig& c) { c.model.scale = 1; }},
};

// Two layers of attention and nothing else, so that nothing else can be blamed.
Json edge(const TrainConfig& recipe, int seeds) {
  Json runs = Json::array();
  for (const Remedy& remedy : remedies)
    for (const double rate : {0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256})
      for (int seed = 1; seed <= seeds; ++seed) {
        TrainConfig c = small(recipe, 2, rate, seed);
        c.steps = 200;
        remedy.apply(c);
        Json run = measured_run(c, 20);
        run.set("remedy", Json::of(std::string(remedy.name)));
        runs.push(std::move(run));
      }
  return runs;
}

// The same without remedies at other widths: does the edge move as 1/D?
Json widths(const TrainConfig& recipe, int seeds) {
  Json runs = Json::array();
  for (const Index width : {Index(16), Index(32), Index(64), Index(128)})
    for (const double rate : {0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256})
      for (int seed = 1; seed <= seeds; ++seed) {
        TrainConfig c = small(recipe, 2, rate, seed);
        c.steps = 200;
        c.model.width = width;
        c.model.head_width = 8;
        Json run = measured_run(c, 200);
        run.set("width", Json::of(static_cast<double>(width)));
        runs.push(std::move(run));
      }
  return runs;
}

Json place_at(const TrainConfig& recipe, int seeds, const std::vector<Index>& depths) {
  Json runs = Json::array();
  for (const Index layers : depths)
    for (const bool post : {false, true})
      for (const Index warm : {Index(0), warmup})
        for (const double rate : {0.002, 0.008})
          for (int seed = 1; seed <= seeds; ++seed) {
            TrainConfig c = small(recipe, layers, rate, seed);
            c.steps = 300;
            c.model.mlp = MlpKind::gelu;
            c.model.mlp_width = 64;
            c.model.norm = post ? NormPlacement::post : NormPlacement::pre;
            c.schedule.warmup = warm;
            Json run = measured_run(c, 60);
            run.set("layers", Json::of(static_cast<double>(layers)));
            run.set("post", Json::of(post));
            run.set("warmup", Json::of(static_cast<double>(warm)));
            runs.push(std::move(run));
            std::fprintf(stderr, "%d layers %s %d %g seed %d\n", static_cast<int>(layers),
                         post ? "post" : "pre", static_cast<int>(warm), rate, seed);
          }
  return runs;
}
Json place(const TrainConfig& recipe, int seeds) { return place_at(recipe, seeds, {2, 6}); }
Json place_deep(const TrainConfig& recipe, int seeds) { return place_at(recipe, seeds, {12}); }

}  // namespace

}  // namespace experiments

int main(int argc, char** argv) {
  using namespace experiments;
  return run_program(argc, argv,
                     {{"edge", edge}, {"widths", widths}, {"place", place}, {"place-deep", place_deep}},
                     "64 held-out sequences of the task");
}
