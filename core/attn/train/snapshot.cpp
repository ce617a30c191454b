// A run as one safetensors file: "model.<name>", "adamw.m.<name>", "adamw.v.<name>" for every
// parameter; in the metadata the config, the step and the data stream's position. 64-bit numbers
// are written as text: JSON numbers are doubles.
#include <utility>

#include "attn/train/snapshot_tables.hpp"
#include "attn/train/trainer_state.hpp"

namespace attn {

namespace {

constexpr const char* format_name = "attn.trainer.1";

}  // namespace

std::vector<std::uint8_t> TrainerCore::snapshot() const {
  io::Writer writer;
  write_tables(writer, state_.model.parameters, state_.adamw);
  const Rng::State data = state_.data.state();
  writer.set_metadata("format", format_name);
  writer.set_metadata("attn.train", to_json(config_));
  writer.set_metadata("attn.step", std::to_string(state_.steps));
  writer.set_metadata("attn.adamw_step", std::to_string(state_.adamw.step));
  writer.set_metadata("attn.data_counter", std::to_string(data.counter));
  return writer.finish();
}

Result<std::unique_ptr<Trainer>> Trainer::resume(const std::uint8_t* bytes, std::size_t size) {
  const Result<io::SafeTensors> file = io::SafeTensors::parse(bytes, size);
  if (!file) return file.error();
  const auto format = file->metadata().find("format");
  const auto json = file->metadata().find("attn.train");
  if (format == file->metadata().end() || format->second != format_name || json == file->metadata().end())
    return malformed_snapshot(
        "this file is not a training snapshot; a trained model alone cannot be resumed");
  const Result<TrainConfig> config = train_config_from_json(json->second);
  if (!config) return config.error();

  TrainerState state;
  if (const Status s = read_tables(*file, config->model, state.model, state.adamw); !s) return s.error();
  const Result<std::uint64_t> steps = read_count(*file, "attn.step");
  const Result<std::uint64_t> adamw_steps = read_count(*file, "attn.adamw_step");
  const Result<std::uint64_t> counter = read_count(*file, "attn.data_counter");
  for (const Result<std::uint64_t>* count : {&steps, &adamw_steps, &counter})
    if (!*count) return count->error();
  state.steps = static_cast<Index>(*steps);
  state.adamw.step = static_cast<Index>(*adamw_steps);
  Rng::State data = stream(config->seed, Stream::data).state();
  data.counter = *counter;
  state.data = Rng::restore(data);
  return std::unique_ptr<Trainer>(std::make_unique<TrainerCore>(*config, std::move(state)));
}

}  // namespace attn
