#include "cli/op_inputs.hpp"

#include <algorithm>

#include "cli/command.hpp"

namespace cli {

using attn::io::DType;
using attn::io::TensorEntry;

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_float(DType d) { return d == DType::F64 || d == DType::F32 || d == DType::F16 || d == DType::BF16; }

}  // namespace

OpInputs::OpInputs(std::string path, const std::vector<std::string>& inputs,
                   const std::vector<std::string>& outputs)
    : path_(std::move(path)), bytes_(read_file(path_)) {
  file_ = need(attn::io::SafeTensors::parse(bytes_.data(), bytes_.size()), path_);
  for (const TensorEntry& e : file_->entries()) {
    if (contains(inputs, e.name) || contains(outputs, e.name)) continue;
    std::string known;
    for (const std::string& name : inputs) known += (known.empty() ? "" : ", ") + name;
    refuse(e.name, "the operator has no such input; it takes " + known);
  }
}

void OpInputs::refuse(const std::string& name, const std::string& what) const {
  throw Failure(path_ + ": tensor \"" + name + "\": " + what);
}

const TensorEntry& OpInputs::entry(const std::string& name) const {
  const TensorEntry* found = file_->find(name);
  if (!found) refuse(name, "missing, and the operator needs it");
  return *found;
}

attn::Tensor OpInputs::floats(const std::string& name) const {
  const TensorEntry& e = entry(name);
  if (!is_float(e.dtype))
    refuse(name, std::string("its type is ") + to_string(e.dtype) + "; it must be F64, F32, F16 or BF16");
  return need(attn::io::to_tensor(e), path_);
}

std::vector<std::int64_t> OpInputs::integers(const std::string& name, std::size_t rank) const {
  const TensorEntry& e = entry(name);
  if (is_float(e.dtype) || e.dtype == DType::BOOL)
    refuse(name,
           std::string("its type is ") + to_string(e.dtype) + "; it must be I64 or another integer type");
  if (e.shape.size() != rank)
    refuse(name, "it has " + std::to_string(e.shape.size()) + " axes; it must have " + std::to_string(rank));
  return need(attn::io::to_integers(e), path_);
}

// BOOL says what takes part; every other type is a bias to be added.
std::variant<std::monostate, attn::Tensor, attn::BoolTensor> OpInputs::mask(const std::string& name) const {
  if (!has(name)) return std::monostate{};
  const TensorEntry& e = entry(name);
  if (e.dtype != DType::BOOL) return need(attn::io::to_tensor(e), path_);
  attn::BoolTensor out;
  out.shape = e.shape;
  for (const std::int64_t v : need(attn::io::to_integers(e), path_))
    out.values.push_back(static_cast<std::uint8_t>(v));
  return out;
}

}  // namespace cli
