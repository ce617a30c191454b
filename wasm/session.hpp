// What the worker holds: models and trainers under numbers chosen by the client (so that they
// can be made again under the same numbers after a restart). JSON in, tensors out; coarse calls,
// one per question a widget asks. Independent of Emscripten, so it is tested natively as well.
#pragma once

#include <map>
#include <memory>

#include "attn/analysis/head_scores.hpp"
#include "attn/text/tokenizer.hpp"
#include "attn/train/trainer.hpp"
#include "request.hpp"

namespace attn::wasm {

class Session {
 public:
  // Models.
  Reply load_model(const Request& request);  // {id}, bytes -> ModelInfo
  Reply create_model(
      const Request& request);               // {id, config, seed?}, numbers: weights unless seed -> ModelInfo
  Reply save_model(const Request& request);  // {model} -> bytes
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

  // Text.
  Reply load_tokenizer(const Request& request);  // {id}, bytes: tokenizer.json -> {id, names}
  Reply encode(const Request& request);          // {tokenizer, text} -> {tokens, spans}
  Reply decode(const Request& request);          // {tokenizer, tokens} -> {text}
  Reply dispose_tokenizer(const Request& request);

  // {models, trainers, memory}: how many are alive, and bytes of WASM memory (0 natively).
  Reply census(const Request& request);

 private:
  struct HeldTrainer {
    std::unique_ptr<Trainer> trainer;
    int model = 0;         // the number its model answers to
    StepMetrics last;      // of the last step taken here
    TaskBatch evaluation;  // fixed by the seed
    TokenBatch probe;      // random repeats for the head scores, fixed by the seed
  };

  int free_id(const Fields& fields, const char* key) const;
  const Model& model(const Fields& fields, const char* key = "model") const;
  HeldTrainer& held(const Fields& fields);
  const text::Tokenizer& tokenizer(const Fields& fields) const;
  Reply hold(int id, std::map<std::string, std::string> metadata, Model made);
  Reply hold_trainer(const Fields& fields, std::unique_ptr<Trainer> trainer);

  static constexpr Index max_id = 2147483647;
  std::map<int, Model> models_;
  std::map<int, HeldTrainer> trainers_;
  std::map<int, text::Tokenizer> tokenizers_;
};

// Shared by the two halves of the implementation.
io::Json model_info(int id, const Model& model, const std::map<std::string, std::string>& metadata);
io::Json json_of(const attn::HeadScores& scores);
io::Json json_of(const std::vector<attn::HeadScores>& scores);

}  // namespace attn::wasm
