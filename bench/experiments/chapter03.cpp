// The experiments of chapter 3, natively: chapter03 NAME RECIPE.json OUT.json COMMIT [SEEDS]
// NAME: budget (H · d = D) or memories (key/value heads). One JSON file each.
#include <cmath>
#include <cstdio>
#include <string>

#include "record.hpp"

namespace experiments {

namespace {

Json over_seeds(TrainConfig config, int seeds) {
  Json j = Json::object(), runs = Json::array();
  j.set("heads", Json::of(static_cast<double>(config.model.heads)));
  j.set("kvHeads", Json::of(static_cast<double>(config.model.resolved_kv_heads())));
  j.set("headWidth", Json::of(static_cast<double>(config.model.resolved_head_width())));
  for (int seed = 1; seed <= seeds; ++seed) {
    config.seed = static_cast<std::uint64_t>(seed);
    Measurement how;
    how.held_out = config.task;
    how.every = 20;
    const Run run = train(config, how);
    const Point& end = run.points.back();
    Json row = Json::object(), accuracy = Json::array();
    for (const Point& p : run.points) accuracy.push(number(p.accuracy));
    row.set("seed", Json::of(static_cast<double>(seed)));
    row.set("loss", number(end.loss));
    row.set("accuracy", number(end.accuracy));
    row.set("previous", number(previous_of(end)));
    row.set("induction", number(induction_of(end)));
    row.set("half", number(crossing(run, accuracy_of)));
    row.set("curve", std::move(accuracy));
    runs.push(std::move(row));
    std::fprintf(stderr, "H %2ld kv %2ld d %2ld seed %d: accuracy %.3f loss %.3f, half at %.0f\n",
                 static_cast<long>(config.model.heads), static_cast<long>(config.model.resolved_kv_heads()),
                 static_cast<long>(config.model.resolved_head_width()), seed, end.accuracy, end.loss,
                 crossing(run, accuracy_of));
  }
  j.set("runs", std::move(runs));
  return j;
}

// The same 4 D² weights of a layer cut into 1 … 64 heads.
Json budget(const TrainConfig& recipe, int seeds) {
  Json all = Json::array();
  for (const Index heads : {1, 2, 4, 8, 16, 32, 64}) {
    TrainConfig c = recipe;
    c.model.heads = heads;
    c.model.head_width = c.model.width / heads;
    all.push(over_seeds(c, seeds));
  }
  return all;
}

// Query heads stay; keys and values are shared by more and more of them.
Json memories(const TrainConfig& recipe, int seeds) {
  Json all = Json::array();
  for (const Index kv : {8, 4, 2, 1}) {
    TrainConfig c = recipe;
    c.model.heads = 8;
    c.model.head_width = c.model.width / 8;
    c.model.kv_heads = kv;
    all.push(over_seeds(c, seeds));
  }
  return all;
}

}  // namespace

}  // namespace experiments

int main(int argc, char** argv) {
  using namespace experiments;
  return run_program(
      argc, argv, {{"budget", budget}, {"memories", memories}},
      "128 held-out sequences of the recipe's task; heads on 64 random repeats of half the context");
}
