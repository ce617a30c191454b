#include "cli/model_file.hpp"

#include "attn/io/safetensors.hpp"
#include "attn/model/checkpoint.hpp"
#include "attn/train/lm.hpp"
#include "cli/command.hpp"

namespace cli {

attn::Model read_model(const std::string& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  const auto file = need(attn::io::SafeTensors::parse(bytes.data(), bytes.size()), path);
  if (file.metadata().count("attn.train") && !file.metadata().count("attn.config"))
    return need(attn::Trainer::resume(bytes.data(), bytes.size()), path)->model();
  if (file.metadata().count("attn.lm") && !file.metadata().count("attn.config"))
    return need(attn::LmTrainer::resume(bytes.data(), bytes.size()), path)->model();
  return need(attn::load_model(bytes.data(), bytes.size()), path);
}

}  // namespace cli
