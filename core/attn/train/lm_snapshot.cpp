// A language model's run as one file, like trainer.cpp's (snapshot.cpp): weights, moments, config, step.
#include <utility>

#include "attn/train/lm.hpp"
#include "attn/train/snapshot_tables.hpp"

namespace attn {

namespace {

constexpr const char* format_name = "attn.lm_trainer.1";

}  // namespace

std::vector<std::uint8_t> LmTrainer::snapshot() const {
  io::Writer writer;
  write_tables(writer, model_.parameters, adamw_);
  writer.set_metadata("format", format_name);
  writer.set_metadata("attn.lm", to_json(config_));
  writer.set_metadata("attn.step", std::to_string(steps_done()));
  return writer.finish();
}

Result<std::unique_ptr<LmTrainer>> LmTrainer::resume(const std::uint8_t* bytes, std::size_t size) {
  const Result<io::SafeTensors> file = io::SafeTensors::parse(bytes, size);
  if (!file) return file.error();
  const auto format = file->metadata().find("format");
  const auto json = file->metadata().find("attn.lm");
  if (format == file->metadata().end() || format->second != format_name || json == file->metadata().end())
    return malformed_snapshot(
        "this file is not a snapshot of `train lm`; a trained model alone cannot be resumed");
  const Result<LmConfig> config = lm_config_from_json(json->second);
  if (!config) return config.error();
  Model model;
  AdamWState adamw;
  if (const Status s = read_tables(*file, config->model, model, adamw); !s) return s.error();
  const Result<std::uint64_t> steps = read_count(*file, "attn.step");
  if (!steps) return steps.error();
  adamw.step = static_cast<Index>(*steps);
  return std::unique_ptr<LmTrainer>(new LmTrainer(*config, std::move(model), std::move(adamw)));
}

}  // namespace attn
