// A model as one safetensors file: parameters under their names, config as JSON in __metadata__["attn.config"].
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "attn/base/error.hpp"
#include "attn/model/transformer.hpp"

namespace attn {

// Checks that every parameter of the config is there, with its shape, finite, and nothing else is.
Result<Model> load_model(const std::uint8_t* bytes, std::size_t size);
std::vector<std::uint8_t> save_model(const Model& model, const std::map<std::string, std::string>& metadata = {});

}  // namespace attn
