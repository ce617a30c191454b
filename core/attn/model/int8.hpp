// Eight bits per weight, symmetric and linear: w ~ s q with q = -127 ... 127 and one scale s for each
// row of the last axis, the largest |w| of the row over 127, so that |w - s q| <= s / 2. Weights are
// widened when the file is read; nothing else knows of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "attn/base/error.hpp"
#include "attn/io/safetensors.hpp"
#include "attn/model/transformer.hpp"

namespace attn {

struct Int8Rows {
  std::vector<std::int8_t> values;  // as the tensor, [.., n]
  std::vector<float> scales;        // the tensor without its last axis, [..]; 0 for a row of zeros
};

// w: [.., n], finite.
Int8Rows quantize_rows(ConstView w);

// The tensor of that name in a file: I8 with "NAME.scale" (F32, finite, >= 0) beside it, widened.
Result<Tensor> widen_rows(const io::TensorEntry& values, const io::TensorEntry& scales);

// save_model with every parameter of two axes or more in eight bits; vectors stay as they are.
std::vector<std::uint8_t> save_model_int8(const Model& model,
                                          const std::map<std::string, std::string>& metadata = {});

}  // namespace attn
