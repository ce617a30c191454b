// The conclusion's experiment, natively: schema OUT.json COMMIT [STEPS FIRST_SEED LAST_SEED]; OUT is
// web/src/widgets/own-gaze/recording.json. Five wirings, the same seeds (11 to 20; the task was made on 1 to
// 5): what a controller gains from knowing where its attention is (schema_model.hpp).
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "attn/train/schema_model.hpp"
#include "record.hpp"

namespace experiments {

namespace {

constexpr const char* names[] = {"none", "aside", "fed", "free", "mirror"};
constexpr Index exam = 256, every = 300;

Json rounded(double x, double digits) { return Json::of(std::round(x * digits) / digits); }

Json to_json(const SchemaExam& e) {
  Json json = Json::object();
  const auto set = [&](const char* name, Real x) { json.set(name, rounded(static_cast<double>(x), 1e4)); };
  set("accuracy", e.accuracy), set("loss", e.loss), set("divergence", e.divergence), set("match", e.match);
  set("stale", e.stale_match), set("onTarget", e.on_target);
  return json;
}

Json measure(SchemaWiring wiring, int seed, Index steps) {
  SchemaConfig config;
  config.wiring = wiring, config.seed = static_cast<std::uint64_t>(seed);
  SchemaModel model(config);
  Json curve = Json::array();
  for (Index i = 0; i <= steps; ++i) {
    if (i % every == 0) curve.push(rounded(static_cast<double>(model.evaluate(exam, false).accuracy), 1e3));
    if (i < steps) model.step();
  }
  Json run = Json::object();
  run.set("wiring", Json::of(std::string(names[static_cast<int>(wiring)])));
  run.set("seed", Json::of(static_cast<double>(seed)));
  run.set("own", to_json(model.evaluate(exam, false)));
  run.set("foreign", rounded(static_cast<double>(model.evaluate(exam, true).accuracy), 1e4));
  run.set("curve", curve);
  return run;
}

}  // namespace

}  // namespace experiments

int main(int argc, char** argv) {
  using namespace experiments;
  if (argc < 3) return std::fprintf(stderr, "schema OUT.json COMMIT [STEPS FIRST_SEED LAST_SEED]\n"), 2;
  const Index steps = argc > 3 ? std::atoi(argv[3]) : 3000;
  const int first = argc > 4 ? std::atoi(argv[4]) : 11, last = argc > 5 ? std::atoi(argv[5]) : 20;
  Json runs = Json::array();
  for (int w = 0; w < 5; ++w)
    for (int seed = first; seed <= last; ++seed) {
      runs.push(measure(static_cast<SchemaWiring>(w), seed, steps));
      std::printf("%s\n", runs.items().back().dump().c_str());
      std::fflush(stdout);
    }
  Json all = Json::object();
  all.set("commit", Json::of(std::string(argv[2])));
  all.set("runs", runs);
  write(argv[1], all);
}
