// Training a language model on text. A step's batch is cut into a fixed number of shards whose gradients
// are added in a fixed order: the weights do not depend on how many threads there are.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "attn/train/muon.hpp"
#include "attn/train/parallel.hpp"
#include "attn/train/text_windows.hpp"
#include "attn/train/trainer.hpp"

namespace attn {

enum class Optimiser { adamw, muon };  // muon: for the matrices of the blocks; AdamW for the rest

struct LmConfig {
  ModelConfig model;
  Index length = 0;  // T, tokens of a window; 0: the model's context
  Index batch = 32;  // B, windows in a step
  Index shards = 8;  // divides B; each has a tape of B / shards windows
  Index steps = 1000;
  Optimiser optimiser = Optimiser::adamw;
  MuonConfig muon;
  AdamWConfig adamw;
  Schedule schedule;
  Real clip = 1;
  std::uint64_t seed = 1;

  Index resolved_length() const { return length ? length : model.context; }
};
Status validate(const LmConfig& config);
std::string to_json(const LmConfig& config);
Result<LmConfig> lm_config_from_json(const std::string& json);

// Every token must be in the vocabulary, and there must be windows of the model's context.
Status check_text(const TokenText& text, const ModelConfig& config);

class LmTrainer {
 public:
  static Result<std::unique_ptr<LmTrainer>> create(const LmConfig& config);
  // The text was checked; it and the workers belong to the caller. The same text in every step of a run.
  // When the loss or the gradient is not finite, the metrics say so and nothing is changed.
  StepMetrics step(const TokenText& text, Workers& workers);
  // Mean loss per token over `windows` windows spread evenly over the text.
  StepMetrics evaluate(const TokenText& text, Index windows, Workers& workers);

  const LmConfig& config() const { return config_; }
  const Model& model() const { return model_; }
  Index steps_done() const { return adamw_.step; }
  // From now on the linear decay of a wsd schedule: the run ends in `steps` steps.
  void cool_down(Index steps);

  // Weights, moments and the step; windows depend on the step alone. A run resumed from it goes on
  // bit for bit.
  std::vector<std::uint8_t> snapshot() const;
  static Result<std::unique_ptr<LmTrainer>> resume(const std::uint8_t* bytes, std::size_t size);

 private:
  struct Worker {
    Tape training{Tape::Mode::training}, inference{Tape::Mode::inference};
    TextBatch batch;
    std::vector<Real> work;
  };
  struct Shard {
    Parameters gradients;
    Real loss = 0, accuracy = 0;
  };

  LmTrainer(const LmConfig& config, Model model, AdamWState adamw);
  void draw_windows(const TokenText& text);
  void run_shard(const TokenText& text, Index shard, Worker& worker);
  void add_gradients(Index parameter);
  void update(Index parameter, Real scale, Real learning_rate, Worker& worker);
  Worker& worker(Index i) { return *workers_[static_cast<std::size_t>(i)]; }
  void prepare(const Workers& workers);

  LmConfig config_;
  Model model_;
  AdamWState adamw_;
  std::vector<Shard> shards_;
  std::vector<double> squares_;  // Σ g² of each parameter
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Index> starts_;  // [B]
  std::unique_ptr<TextWindows> windows_;
};

}  // namespace attn
