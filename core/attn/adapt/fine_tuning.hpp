// A trained model is taught another task through adapters alone. Two tasks that take apart what a head does:
// the text is the one the model knows, only the answer is another.
#pragma once

#include <cstdint>
#include <vector>

#include "attn/adapt/lora.hpp"
#include "attn/analysis/metric.hpp"
#include "attn/ops/cross_entropy.hpp"
#include "attn/train/slots.hpp"

namespace attn {

enum class Goal {
  same,     // what the model was trained for
  shift,    // the token after the one that was the answer: the answer lies elsewhere
  permute,  // the same place, but every token is called by another one's name
};

// One cycle through all V tokens: no token keeps its name.
std::vector<TokenId> renaming(Index vocab, std::uint64_t seed);
// Changes the targets; a position whose new answer is not in its past no longer counts.
void retarget(TaskBatch& batch, Goal goal, const std::vector<TokenId>& names);
// Sequences that training from this seed does not see, with the answers of `goal`.
TaskBatch exam_of(const TaskConfig& task, Goal goal, Index batch, std::uint64_t seed);
// The loss over the positions of a batch that count.
Metric counted(const TaskBatch& batch);

struct FineTuneConfig {
  LoraConfig lora;
  Goal goal = Goal::shift;
  Real learning_rate = Real(1e-2);
  Index batch = 32;
  std::uint64_t seed = 1;  // of A, of the data, of the names
};

class FineTuning {
 public:
  // `base` must live as long; config.lora valid for it.
  FineTuning(const Model& base, const TaskConfig& task, const FineTuneConfig& config);

  // All that later steps depend on, as one row (run_state in adamw.hpp).
  std::vector<Real> state() const;
  Status restore(const std::vector<Real>& state);

  // One step of AdamW (no decay) on the adapters. Where the loss is not finite the step is not taken.
  StepMetrics step();
  StepMetrics evaluate(Goal goal, Index batch) const;  // on sequences that training does not see

  const Lora& lora() const { return lora_; }
  const Model& merged() const { return merged_; }
  Index steps_done() const { return steps_; }

 private:
  void merge();

  FineTuneConfig config_;
  TaskConfig task_;
  const Model& base_;
  std::vector<TokenId> names_;
  Lora lora_;
  Model merged_;
  Parameters full_;  // gradients of the merged weights
  std::vector<Real> gradients_, m_, v_;
  Index steps_ = 0;
  TaskBatch batch_;
  Tape tape_{Tape::Mode::training};
};

// The first step of plain gradient descent from a fresh adapter on one matrix, beside the step of the matrix
// itself.
struct FirstStep {
  Real moved_a = 0;    // ‖ΔA‖, 0 as long as B is
  Real moved_b = 0;    // ‖ΔB‖
  Real formula = 0;    // ‖ΔW + η s² A Aᵀ G‖ / ‖ΔW‖
  Real cosine = 0;     // between ΔW and -G
  Real rank_of_g = 0;  // ‖G‖_F² / σ₁², the stable rank of the whole gradient
};
FirstStep first_step(const Model& base, const TaskConfig& task, const FineTuneConfig& config);

}  // namespace attn
