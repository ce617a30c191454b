// One measured training run, and how it becomes JSON.
#pragma once

#include <string>
#include <vector>

#include "attn/analysis/head_scores.hpp"
#include "attn/io/json.hpp"
#include "attn/train/trainer.hpp"

namespace experiments {

using namespace attn;
using io::Json;

// KL(strategy ‖ model) in nats, mean over positions; the Markov task only.
struct Divergences {
  double uniform = 0, unigram = 0, bigram = 0;
};

struct Point {
  Index step = 0;
  double loss = 0, accuracy = 0;  // held-out
  std::vector<HeadScores> heads;  // on random repeats
  Divergences strategies;
};

struct Run {
  TrainConfig config;
  std::vector<Point> points;
  std::unique_ptr<Trainer> trainer;
};

struct Measurement {
  TaskConfig held_out;  // may differ from the task that is trained
  Index evaluation_batch = 128, probe_batch = 64;
  Index every = 10;
};

// Trains to config.steps, measuring at step 0, every so many steps and at the last.
Run train(const TrainConfig& config, const Measurement& how);

// The largest score among the heads of one layer.
double best(const Point& point, int layer, Real HeadScores::*score);
int best_head(const Point& point, int layer, Real HeadScores::*score);
// First step at which f(point) reaches 0.5, linearly interpolated between measurements; -1: never.
double crossing(const Run& run, double (*f)(const Point&));
double accuracy_of(const Point& p);
double previous_of(const Point& p);   // best in layer 0
double induction_of(const Point& p);  // best in the last layer

Divergences strategies(const Model& model, const TokenBatch& batch);

Json number(double v);  // four decimals
Json to_json(const HeadScores& s);
Json to_json(const Run& run, Index every);
void write(const std::string& path, const Json& json);

// A chapter's experiments by name, and the program around them:
//   PROGRAM NAME RECIPE.json OUT.json COMMIT [SEEDS]
// The recipe is trained for 700 steps, as a reader does in the page; the shipped specimen goes on to 1200.
struct Experiment {
  const char* name;
  Json (*measure)(const TrainConfig& recipe, int seeds);
};
int run_program(int argc, char** argv, const std::vector<Experiment>& experiments, const char* evaluation);

}  // namespace experiments
