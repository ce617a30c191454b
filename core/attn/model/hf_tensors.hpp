// Where each tensor of a Hugging Face file goes in a model of ours.
#pragma once

#include <string>
#include <vector>

#include "attn/model/hf_config.hpp"

namespace attn {

// Columns [first, first + columns) of a tensor seen as a matrix are one parameter.
struct HfPiece {
  std::string parameter;
  Index first, columns;
};

struct HfTensor {
  std::string name;          // without the prefix of the base model
  std::vector<Index> shape;  // what the file must have: [rows, cols] or [cols]
  bool transposed = false;   // torch's Linear keeps Wᵀ: [out, in]; our matrices map rows, [in, out]
  std::vector<HfPiece> pieces;

  Index rows() const { return shape.size() == 2 ? shape[0] : 1; }
  Index cols() const { return shape.back(); }
};

// Every tensor that a model of this config needs.
std::vector<HfTensor> hf_tensors(const HfConfig& config);

// "transformer.", "model." or "bert.": what a model with a head puts before its base model's names.
const char* hf_prefix(HfFamily family);

// Tensors that files of the family carry and inference does not need: masks, rotary tables, other heads.
bool hf_ignored(const HfConfig& config, const std::string& name);

}  // namespace attn
