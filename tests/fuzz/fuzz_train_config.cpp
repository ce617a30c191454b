// Any text is either refused or a config that survives writing and reading, and whose model fits in memory.
#include <cstdlib>

#include "attn/train/trainer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = attn::train_config_from_json({reinterpret_cast<const char*>(data), size});
  if (!config.ok()) return 0;
  const std::string text = attn::to_json(*config);
  const auto again = attn::train_config_from_json(text);
  if (!again.ok() || attn::to_json(*again) != text) std::abort();
  // Small ones are built, and take a step.
  const attn::ModelConfig& m = config->model;
  const auto table = attn::parameter_table(m);
  if (table.empty() || table.back().offset + table.back().shape.size() > 20000) return 0;
  if (config->batch * config->task.length * (m.width + m.vocab + m.resolved_mlp_width()) > 20000) return 0;
  const auto trainer = attn::Trainer::create(*config);
  if (trainer.ok()) (void)(*trainer)->step();
  return 0;
}
