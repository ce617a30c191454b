// What the worker holds: models and trainers under numbers chosen by the client (so that they
// can be made again under the same numbers after a restart). JSON in, tensors out; coarse calls,
// one per question a widget asks. Independent of Emscripten, so it is tested natively as well.
// This much is the module attn-core, which most pages load and which has a size to keep (150 KB
// gzipped); what single chapters need beyond it stands in lab.hpp.
#pragma once

#include <map>
#include <memory>

#include "attn/analysis/head_scores.hpp"
#include "attn/train/trainer.hpp"
#include "request.hpp"

namespace attn::wasm {

// Next-token cross-entropy -log p(x_{t+1}) at every position but the last: logits [B, T, V] -> [B, T - 1].
Tensor next_token_losses(ConstView logits, const TokenBatch& batch);

class Session {
 public:
  virtual ~Session() = default;

  // Models.
  Reply load_model(const Request& request);    // {id}, bytes -> ModelInfo
  Reply create_model(const Request& request);  // {id, config, seed?}, numbers unless seed -> ModelInfo
  Reply save_model(const Request& request);    // {model} -> bytes
  Reply dispose_model(const Request& request);

  // Questions to a model.
  Reply run(const Request& request);            // RunRequest; numbers: replacements, one after another
  Reply head_scores(const Request& request);    // {model, tokens} or {model, batch, half, seed}
  Reply circuits(const Request& request);       // {model, head}
  Reply k_composition(const Request& request);  // {model, from, to}
  Reply attribution(const Request& request);    // {model, tokens, position, target}
  Reply fit_pattern(const Request& request);    // {size, width, steps?, seed?}, numbers: the target [n, n]
  Reply generate(const Request& request);       // {model, prompt, count, temperature?, top_k?, top_p?, seed?}

  // Training.
  Reply task_batch(const Request& request);      // {task, batch, seed}
  Reply create_trainer(const Request& request);  // {id, model, config}
  Reply resume_trainer(const Request& request);  // {id, model}, bytes
  Reply train_steps(const Request& request);     // {trainer, count}: that many optimiser steps -> StepMetrics
  Reply measure(const Request& request);         // {trainer, weights} -> the measured part of a TrainPoint
  Reply snapshot(const Request& request);        // {trainer} -> bytes
  Reply dispose_trainer(const Request& request);

  // {models, trainers, memory}: how many are alive, and bytes of WASM memory (0 natively).
  Reply census(const Request& request);

 protected:
  int free_id(const Fields& fields, const char* key) const;
  const Model& model(const Fields& fields, const char* key = "model") const;
  Reply hold(int id, std::map<std::string, std::string> metadata, Model made);

  // Handles of every kind share their numbers and one limit; a derived session adds its own.
  virtual bool in_use(int id) const;
  virtual std::size_t held_count() const;

  static constexpr Index max_id = 2147483647;

 private:
  struct HeldTrainer {
    std::unique_ptr<Trainer> trainer;
    int model = 0;         // the number its model answers to
    StepMetrics last;      // of the last step taken here
    TaskBatch evaluation;  // fixed by the seed
    TokenBatch probe;      // random repeats for the head scores, fixed by the seed
  };

  HeldTrainer& held(const Fields& fields);
  Reply hold_trainer(const Fields& fields, std::unique_ptr<Trainer> trainer);

  std::map<int, Model> models_;
  std::map<int, HeldTrainer> trainers_;
};

// Shared by the two halves of the implementation.
io::Json model_info(int id, const Model& model, const std::map<std::string, std::string>& metadata);
io::Json json_of(const attn::HeadScores& scores);
io::Json json_of(const std::vector<attn::HeadScores>& scores);

}  // namespace attn::wasm
