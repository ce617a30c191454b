#include "lab_asked.hpp"

#include "attn/adapt/fine_tuning.hpp"

namespace attn::wasm {

namespace {

using io::Json;

constexpr Index max_runs = 20000;

}  // namespace

const Model& dense(const Model& model) {
  if (model.parameters.has_stored())
    throw Refusal(ErrorCode::unsupported,
                  "this analysis needs weights in 32 bits; the model was opened with 16-bit ones");
  if (!model.config.unembed) throw Refusal(ErrorCode::unsupported, "this model answers with no logits");
  return model;
}

TaskConfig task_for(const Fields& fields, const ModelConfig& config, Index batch) {
  const TaskConfig task = take(task_config_from_json(fields.at("task").dump()));
  take(validate(task));
  if (task.vocab > config.vocab || task.length > config.context)
    throw Refusal(ErrorCode::mismatch, "the task has " + std::to_string(task.vocab) +
                                           " tokens in sequences of " + std::to_string(task.length) +
                                           ", the model " + std::to_string(config.vocab) + " and " +
                                           std::to_string(config.context));
  check_run_size(config, batch, task.length);
  return task;
}

Metric asked(const TaskBatch& batch) {
  Metric loss = counted(batch);
  if (loss.answers.empty())
    throw Refusal(ErrorCode::unsupported, "nothing in this batch can be predicted: take more sequences");
  return loss;
}

TokenBatch one_sequence(std::vector<TokenId> tokens) {
  TokenBatch batch;
  batch.batch = 1;
  batch.length = static_cast<Index>(tokens.size());
  batch.tokens = std::move(tokens);
  return batch;
}

TokenBatch sequence(const Fields& fields, const char* key, const ModelConfig& config) {
  TokenBatch batch = one_sequence(token_list(fields.list(key), config));
  check_run_size(config, 1, batch.length);
  return batch;
}

Metric metric_of(const Json& json, const ModelConfig& config, Index length) {
  const Fields fields(json, "metric");
  Metric metric;
  const std::string kind = fields.has("kind") ? fields.text("kind") : "logit";
  if (kind == "logit")
    metric.kind = Metric::Kind::centred_logit;
  else if (kind == "difference")
    metric.kind = Metric::Kind::logit_difference;
  else if (kind == "probability")
    metric.kind = Metric::Kind::probability;
  else
    throw Refusal(ErrorCode::malformed, "metric.kind must be logit, difference or probability");
  Answer answer;
  answer.position = fields.index("position", 0, length - 1);
  answer.right = static_cast<TokenId>(fields.index("right", 0, config.vocab - 1));
  if (metric.kind == Metric::Kind::logit_difference)
    answer.wrong = static_cast<TokenId>(fields.index("wrong", 0, config.vocab - 1));
  metric.answers = {answer};
  return metric;
}

void check_runs(double runs) {
  if (runs > static_cast<double>(max_runs))
    throw Refusal(ErrorCode::too_large,
                  std::to_string(static_cast<long long>(runs)) + " runs in one call: ask for fewer places");
}

void check_same_length(const TokenBatch& a, const TokenBatch& b) {
  if (a.length != b.length)
    throw Refusal(ErrorCode::mismatch, "the sequences have " + std::to_string(a.length) + " and " +
                                           std::to_string(b.length) +
                                           " tokens: patching needs them place by place");
}

}  // namespace attn::wasm
