#include "attn/train/snapshot_tables.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace attn {

Error malformed_snapshot(std::string message) {
  return Error{ErrorCode::malformed, "snapshot: " + std::move(message)};
}

// Digits only, so that nothing but what we wrote is accepted.
Result<std::uint64_t> read_count(const io::SafeTensors& file, const char* key) {
  const auto entry = file.metadata().find(key);
  if (entry == file.metadata().end()) return malformed_snapshot(std::string("metadata has no ") + key);
  const std::string& text = entry->second;
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
    return malformed_snapshot(std::string(key) + " = \"" + text + "\" is not a count");
  return static_cast<std::uint64_t>(std::strtoull(text.c_str(), nullptr, 10));
}

namespace {

constexpr io::DType real_type = sizeof(Real) == 8 ? io::DType::F64 : io::DType::F32;
constexpr const char* prefixes[] = {"model.", "adamw.m.", "adamw.v."};

// Names, types and shapes of the three tables: checked before their memory is taken, so that the
// config of a small file cannot ask for gigabytes.
Status check_tables(const io::SafeTensors& file, const std::vector<ParameterInfo>& table) {
  if (file.entries().size() != 3 * table.size())
    return malformed_snapshot("holds " + std::to_string(file.entries().size()) +
                              " tensors, the config needs " + std::to_string(3 * table.size()));
  for (const char* prefix : prefixes)
    for (const ParameterInfo& info : table) {
      const std::string name = prefix + info.name;
      const io::TensorEntry* entry = file.find(name);
      if (!entry) return malformed_snapshot("tensor " + name + " is missing");
      if (entry->dtype != real_type)
        return malformed_snapshot("tensor " + name + " is " + io::to_string(entry->dtype) +
                                  ", this build needs " + io::to_string(real_type) + " to resume exactly");
      const Index size = static_cast<Index>(entry->size / io::bytes_of(real_type));
      if (size != info.shape.size())
        return malformed_snapshot("tensor " + name + " has " + std::to_string(size) +
                                  " elements, the config says " + to_string(info.shape));
    }
  return Unit{};
}

// One of the three tables, spread over named tensors, into a flat buffer.
Status read_table(const io::SafeTensors& file, const std::string& prefix, const Parameters& layout,
                  Real* flat) {
  for (const ParameterInfo& info : layout.table()) {
    const std::string name = prefix + info.name;
    const Result<Tensor> tensor = io::to_tensor(*file.find(name), true);
    if (!tensor) return tensor.error();
    if (tensor->shape != info.shape)
      return malformed_snapshot("tensor " + name + " has shape " + to_string(tensor->shape) +
                                ", the config says " + to_string(info.shape));
    std::copy(tensor->data.begin(), tensor->data.end(), flat + info.offset);
  }
  return Unit{};
}

}  // namespace

void write_tables(io::Writer& writer, const Parameters& p, const AdamWState& adamw) {
  const Real* const flats[] = {p.flat().data, adamw.m.data(), adamw.v.data()};
  for (int i = 0; i < 3; ++i)
    for (const ParameterInfo& info : p.table())
      writer.add(prefixes[i] + info.name, ConstView(flats[i] + info.offset, info.shape), real_type);
}

Status read_tables(const io::SafeTensors& file, const ModelConfig& config, Model& model, AdamWState& adamw) {
  if (const Status s = check_tables(file, parameter_table(config)); !s) return s.error();
  model = Model{config, Parameters(config)};
  const std::size_t parameters = static_cast<std::size_t>(model.parameters.size());
  adamw.m.resize(parameters);
  adamw.v.resize(parameters);
  Real* const flats[] = {model.parameters.flat().data, adamw.m.data(), adamw.v.data()};
  for (int i = 0; i < 3; ++i)
    if (const Status s = read_table(file, prefixes[i], model.parameters, flats[i]); !s) return s.error();
  if (std::any_of(adamw.v.begin(), adamw.v.end(),
                  [](Real v) { return v < 0; }))  // a square root is taken of them
    return malformed_snapshot("holds a second moment below zero");
  return Unit{};
}

}  // namespace attn
