// What the analyses of attn-lab ask a request for: a model with its weights at hand, one sequence, a metric.
#pragma once

#include "attn/analysis/metric.hpp"
#include "attn/train/tasks.hpp"
#include "lab.hpp"

namespace attn::wasm {

// These analyses read weights and run backwards: 16-bit weights kept as they are will not do.
const Model& dense(const Model& model);

TokenBatch one_sequence(std::vector<TokenId> tokens);
TokenBatch sequence(const Fields& fields, const char* key, const ModelConfig& config);

// The request's task, if the model can read it and a batch of it fits.
TaskConfig task_for(const Fields& fields, const ModelConfig& config, Index batch);

// The loss over what counts in a batch; refused where nothing does.
Metric asked(const TaskBatch& batch);

// {kind?, position, right, wrong?}
Metric metric_of(const io::Json& json, const ModelConfig& config, Index length);

// Refuses more runs than one call may make: some seconds of a small model, not minutes of a phone.
void check_runs(double runs);

// Two prompts go into each other place by place.
void check_same_length(const TokenBatch& a, const TokenBatch& b);

}  // namespace attn::wasm
