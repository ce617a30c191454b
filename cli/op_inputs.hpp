// The tensors of an operator call, read by their ONNX names from a safetensors file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "attn/attention/onnx_attention.hpp"
#include "attn/io/safetensors.hpp"

namespace cli {

class OpInputs {
 public:
  // Names that are neither inputs nor outputs of the operator are an error: a misspelt optional
  // input must not silently change the result.
  OpInputs(std::string path, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs);

  bool has(const std::string& name) const { return file_->find(name) != nullptr; }
  attn::Tensor floats(const std::string& name) const;  // F64, F32, F16, BF16; missing is a Failure
  attn::io::DType dtype(const std::string& name) const { return entry(name).dtype; }
  const std::vector<attn::Index>& shape(const std::string& name) const { return entry(name).shape; }
  std::vector<std::int64_t> integers(const std::string& name, std::size_t rank) const;
  std::variant<std::monostate, attn::Tensor, attn::BoolTensor> mask(const std::string& name) const;

  const std::string& path() const { return path_; }
  [[noreturn]] void refuse(const std::string& name, const std::string& what) const;

 private:
  const attn::io::TensorEntry& entry(const std::string& name) const;

  std::string path_;
  std::vector<std::uint8_t> bytes_;
  std::optional<attn::io::SafeTensors> file_;  // points into bytes_
};

}  // namespace cli
