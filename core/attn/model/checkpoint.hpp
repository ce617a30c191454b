// A model as one safetensors file: parameters under their names, config as JSON in
// __metadata__["attn.config"].
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "attn/base/error.hpp"
#include "attn/model/transformer.hpp"

namespace attn {

// What is appended to the name of an I8 parameter for the name of its scales (model/int8.hpp).
inline constexpr const char* scale_suffix = ".scale";

// Checks that every parameter of the config is there, with its shape, finite, and nothing else is. A
// parameter may be F64, F32, F16, BF16, or I8 with its scales.
Result<Model> load_model(const std::uint8_t* bytes, std::size_t size);
std::vector<std::uint8_t> save_model(const Model& model,
                                     const std::map<std::string, std::string>& metadata = {});

}  // namespace attn
