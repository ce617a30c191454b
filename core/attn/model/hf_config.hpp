// Hugging Face's config.json, read as a model of ours. Field names and defaults are those of transformers'
// GPT2Config, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config and BertConfig; what our transformer does
// not compute is refused by the field that asks for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attn/model/config.hpp"

namespace attn {

enum class HfFamily { gpt2, llama, bert };  // llama: also Mistral, Qwen2, Qwen3

struct HfConfig {
  HfFamily family = HfFamily::gpt2;
  std::string model_type;
  ModelConfig model;  // unembed and head_width may still follow the weights, see below
  // Whether "architectures" names a model that predicts tokens; absent: the weights tell.
  std::optional<bool> predicts;
  bool head_width_given = true;  // else the shape of q_proj tells
};

Result<HfConfig> hf_config(std::string_view json);

// model.safetensors.index.json: the names of the files that hold the weights, each once, in order of name.
Result<std::vector<std::string>> hf_shards(std::string_view json);

}  // namespace attn
