// Training as something that can be stepped, watched, stored and resumed exactly.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "attn/base/error.hpp"
#include "attn/model/transformer.hpp"
#include "attn/train/adamw.hpp"
#include "attn/train/tasks.hpp"

namespace attn {

enum class ScheduleKind { constant, cosine, linear, wsd };
struct Schedule {
  ScheduleKind kind = ScheduleKind::constant;
  Real learning_rate = Real(1e-3);
  Index warmup = 0;  // steps of linear warm-up
  Index total = 0;   // step at which the decay ends (all but constant); 0: TrainConfig::steps
  Index decay = 0;   // wsd: steps of the linear decay before that
  Real floor = 0;    // fraction of learning_rate at the end
};
Real learning_rate(const Schedule& schedule, Index step);  // step: how many were done before

// Independent random streams of one seed (Rng's second argument), so that a longer evaluation
// or another initialisation never shifts the training data.
enum class Stream : std::uint64_t { init = 0, data = 1, evaluation = 2, probe = 3 };
inline Rng stream(std::uint64_t seed, Stream which) { return Rng(seed, static_cast<std::uint64_t>(which)); }
// A stream for every step, apart from those: where each step draws from its own, no generator has a state to
// keep.
inline Rng stream_of_step(std::uint64_t seed, Index step) {
  return Rng(seed, 1024 + static_cast<std::uint64_t>(step));
}

struct TrainConfig {
  ModelConfig model;
  TaskConfig task;
  AdamWConfig adamw;
  Schedule schedule;
  Index batch = 32;
  Index steps = 700;
  Real clip = 1;  // global gradient norm; 0: off
  std::uint64_t seed = 1;
};
Status validate(const TrainConfig& config);
std::string to_json(const TrainConfig& config);
Result<TrainConfig> train_config_from_json(const std::string& json);  // validates everything

struct StepMetrics {
  Index step = 0;      // steps done
  Real loss = 0;       // mean cross-entropy over the counted positions, nats; not finite: diverged
  Real accuracy = 0;   // share of counted positions whose argmax is right
  Real grad_norm = 0;  // before clipping
  Real learning_rate = 0;
};

class Trainer {
 public:
  // Errors: an invalid config.
  static Result<std::unique_ptr<Trainer>> create(const TrainConfig& config);
  virtual ~Trainer() = default;

  // One optimiser step each; short, to be called again and again (V8 tiers up only between calls).
  // When the loss or the gradient is not finite, the metrics say so and the trainer goes back to
  // the last state whose loss was finite.
  virtual StepMetrics step() = 0;
  virtual StepMetrics evaluate(const TaskBatch& batch) = 0;  // no gradient, no change of state

  virtual const TrainConfig& config() const = 0;
  virtual const Model& model() const = 0;
  virtual Model& mutable_model() = 0;  // interventions on weights
  virtual Index steps_done() const = 0;

  // Everything: weights, both AdamW moments, step, random state. resume(snapshot()) continues
  // bit for bit like the uninterrupted run on the same build. Format: safetensors (model/checkpoint.hpp).
  virtual std::vector<std::uint8_t> snapshot() const = 0;
  static Result<std::unique_ptr<Trainer>> resume(const std::uint8_t* bytes, std::size_t size);
};

}  // namespace attn
