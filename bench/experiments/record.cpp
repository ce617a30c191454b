#include "record.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

#include "attn/math/softmax.hpp"

namespace experiments {

namespace {

Point measure(Trainer& trainer, const TaskBatch& held_out, const TokenBatch& probe) {
  Point p;
  p.step = trainer.steps_done();
  const StepMetrics m = trainer.evaluate(held_out);
  p.loss = static_cast<double>(m.loss);
  p.accuracy = static_cast<double>(m.accuracy);
  if (probe.batch) p.heads = head_scores(trainer.model(), probe);
  if (trainer.config().task.kind == TaskKind::markov)
    p.strategies = strategies(trainer.model(), held_out.inputs);
  return p;
}

double divergence(const Tensor& p, ConstView logits) {
  const Index V = logits.shape[-1], positions = logits.size() / V;
  double sum = 0;
  for (Index i = 0; i < positions; ++i) {
    const double z = static_cast<double>(log_sum_exp(logits.data + i * V, V));
    for (Index v = 0; v < V; ++v) {
      const double pv = static_cast<double>(p.data[static_cast<std::size_t>(i * V + v)]);
      if (pv > 0) sum += pv * (std::log(pv) - (static_cast<double>(logits[i * V + v]) - z));
    }
  }
  return sum / static_cast<double>(positions);
}

}  // namespace

Run train(const TrainConfig& config, const Measurement& how) {
  Run run;
  run.config = config;
  Result<std::unique_ptr<Trainer>> made = Trainer::create(config);
  run.trainer = std::move(made).value();
  Rng evaluation = stream(config.seed, Stream::evaluation), probe_rng = stream(config.seed, Stream::probe);
  const TaskBatch held_out = make_batch(how.held_out, how.evaluation_batch, evaluation);
  TokenBatch probe;
  if (how.probe_batch)
    probe = random_repeat_batch(config.model.vocab, how.probe_batch, config.model.context / 2, probe_rng);
  run.points.push_back(measure(*run.trainer, held_out, probe));
  for (Index i = 1; i <= config.steps; ++i) {
    const StepMetrics m = run.trainer->step();
    if (!std::isfinite(m.loss)) throw std::runtime_error("training diverged at step " + std::to_string(i));
    if (i % how.every == 0 || i == config.steps) run.points.push_back(measure(*run.trainer, held_out, probe));
  }
  return run;
}

int best_head(const Point& point, int layer, Real HeadScores::*score) {
  int head = -1;
  Real top = -1;
  for (const HeadScores& s : point.heads)
    if (s.layer == layer && s.*score > top) {
      top = s.*score;
      head = s.head;
    }
  return head;
}

double best(const Point& point, int layer, Real HeadScores::*score) {
  const int head = best_head(point, layer, score);
  for (const HeadScores& s : point.heads)
    if (s.layer == layer && s.head == head) return static_cast<double>(s.*score);
  return 0;
}

double accuracy_of(const Point& p) { return p.accuracy; }
double previous_of(const Point& p) { return best(p, 0, &HeadScores::previous); }
double induction_of(const Point& p) {
  return p.heads.empty() ? 0 : best(p, p.heads.back().layer, &HeadScores::induction);
}

double crossing(const Run& run, double (*f)(const Point&)) {
  for (std::size_t i = 0; i < run.points.size(); ++i) {
    const double y = f(run.points[i]);
    if (y < 0.5) continue;
    if (i == 0) return 0;
    const double y0 = f(run.points[i - 1]);
    const double x0 = static_cast<double>(run.points[i - 1].step),
                 x1 = static_cast<double>(run.points[i].step);
    return x0 + (x1 - x0) * (0.5 - y0) / (y - y0);
  }
  return -1;
}

Divergences strategies(const Model& model, const TokenBatch& batch) {
  Tape tape(Tape::Mode::inference);
  const ConstView logits = tape.value(forward(tape, model, batch));
  const Index V = model.config.vocab;
  return {divergence(strategy_probabilities(batch, V, Strategy::uniform), logits),
          divergence(strategy_probabilities(batch, V, Strategy::unigram), logits),
          divergence(strategy_probabilities(batch, V, Strategy::bigram), logits)};
}

Json number(double v) { return Json::of(std::round(v * 1e4) / 1e4); }

Json to_json(const HeadScores& s) {
  Json j = Json::object();
  j.set("layer", Json::of(static_cast<double>(s.layer)));
  j.set("head", Json::of(static_cast<double>(s.head)));
  for (const auto& field : {std::pair<const char*, Real>{"previous", s.previous},
                            {"current", s.current},
                            {"first", s.first},
                            {"duplicate", s.duplicate},
                            {"induction", s.induction},
                            {"entropy", s.entropy},
                            {"distance", s.distance}})
    j.set(field.first, number(static_cast<double>(field.second)));
  return j;
}

Json to_json(const Run& run, Index every) {
  Json j = Json::object();
  j.set("seed", Json::of(static_cast<double>(run.config.seed)));
  Json steps = Json::array(), loss = Json::array(), accuracy = Json::array(), previous = Json::array(),
       induction = Json::array();
  for (const Point& p : run.points) {
    if (p.step % every && &p != &run.points.back()) continue;
    steps.push(Json::of(static_cast<double>(p.step)));
    loss.push(number(p.loss));
    accuracy.push(number(p.accuracy));
    if (p.heads.empty()) continue;
    previous.push(number(previous_of(p)));
    induction.push(number(induction_of(p)));
  }
  j.set("steps", std::move(steps));
  j.set("loss", std::move(loss));
  j.set("accuracy", std::move(accuracy));
  if (!run.points.front().heads.empty()) {
    j.set("previous", std::move(previous));
    j.set("induction", std::move(induction));
    Json heads = Json::array();
    for (const HeadScores& s : run.points.back().heads) heads.push(to_json(s));
    j.set("heads", std::move(heads));
  }
  return j;
}

void write(const std::string& path, const Json& json) {
  std::FILE* f = std::fopen(path.c_str(), "wb");
  if (!f) throw std::runtime_error("cannot write " + path);
  const std::string text = json.dump() + "\n";
  const bool ok = std::fwrite(text.data(), 1, text.size(), f) == text.size();
  if (std::fclose(f) != 0 || !ok) throw std::runtime_error("cannot write " + path);
}

namespace {

std::string read_text(const char* path) {
  std::FILE* f = std::fopen(path, "rb");
  if (!f) throw std::runtime_error(std::string("cannot read ") + path);
  std::string text;
  char buffer[4096];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, f)) > 0;) text.append(buffer, n);
  std::fclose(f);
  return text;
}

int usage(const char* program, const std::vector<Experiment>& experiments) {
  std::fprintf(stderr, "usage: %s NAME RECIPE.json OUT.json COMMIT [SEEDS]; NAME is one of", program);
  for (const Experiment& e : experiments) std::fprintf(stderr, " %s", e.name);
  std::fprintf(stderr, "\n");
  return 2;
}

}  // namespace

int run_program(int argc, char** argv, const std::vector<Experiment>& experiments, const char* evaluation) {
  try {
    if (argc < 5) return usage(argv[0], experiments);
    TrainConfig recipe = train_config_from_json(read_text(argv[2])).value();
    recipe.steps = 700;
    for (const Experiment& e : experiments) {
      if (std::string(argv[1]) != e.name) continue;
      Json out = Json::object();
      out.set("experiment", Json::of(std::string(e.name)));
      out.set("commit", Json::of(std::string(argv[4])));
      out.set("evaluation", Json::of(std::string(evaluation)));
      out.set("result", e.measure(recipe, argc > 5 ? std::atoi(argv[5]) : 5));
      write(argv[3], out);
      return 0;
    }
    return usage(argv[0], experiments);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
    return 1;
  }
}

}  // namespace experiments
