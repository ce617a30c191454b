#include "attn/model/checkpoint.hpp"

#include <algorithm>

#include "attn/io/safetensors.hpp"
#include "attn/model/int8.hpp"

namespace attn {

namespace {

constexpr const char* config_key = "attn.config";
constexpr io::DType real_type = sizeof(Real) == 8 ? io::DType::F64 : io::DType::F32;

Error fault(ErrorCode code, const std::string& what) { return {code, "checkpoint: " + what}; }

std::string shape_text(const std::vector<Index>& shape) {
  std::string text = "[";
  for (std::size_t a = 0; a < shape.size(); ++a) text += (a ? ", " : "") + std::to_string(shape[a]);
  return text + "]";
}

bool same(const std::vector<Index>& shape, const Shape& expected) {
  if (static_cast<int>(shape.size()) != expected.rank()) return false;
  for (int a = 0; a < expected.rank(); ++a)
    if (shape[static_cast<std::size_t>(a)] != expected[a]) return false;
  return true;
}

Result<ModelConfig> read_config(const io::SafeTensors& file) {
  const auto found = file.metadata().find(config_key);
  if (found == file.metadata().end())
    return fault(ErrorCode::malformed,
                 "its metadata has no \"attn.config\"; it is not a model of this course");
  Result<ModelConfig> config = model_config_from_json(found->second);
  if (!config) return fault(config.error().code, config.error().message);
  return config;
}

// One tensor per row of the table, with its shape and a floating-point type, and no others.
Status check_names(const io::SafeTensors& file, const std::vector<ParameterInfo>& table) {
  std::size_t scales = 0;
  for (const ParameterInfo& p : table) {
    const io::TensorEntry* e = file.find(p.name);
    if (!e)
      return fault(ErrorCode::mismatch, "parameter " + p.name + " " + to_string(p.shape) + " is missing");
    if (!same(e->shape, p.shape))
      return fault(ErrorCode::mismatch, "parameter " + p.name + " is " + shape_text(e->shape) +
                                            ", the config asks for " + to_string(p.shape));
    if (e->dtype == io::DType::I8) {
      if (!file.find(p.name + scale_suffix))
        return fault(ErrorCode::mismatch,
                     "parameter " + p.name + " is I8 and has no " + p.name + scale_suffix);
      ++scales;
      continue;
    }
    if (e->dtype != io::DType::F32 && e->dtype != io::DType::F16 && e->dtype != io::DType::BF16 &&
        e->dtype != io::DType::F64)
      return fault(ErrorCode::mismatch, "parameter " + p.name + " is " + io::to_string(e->dtype) +
                                            ", not a floating-point tensor");
  }
  if (file.entries().size() == table.size() + scales) return Unit{};
  const auto claims = [&](const ParameterInfo& p, const std::string& name) {
    return p.name == name || (p.name + scale_suffix == name && file.find(p.name)->dtype == io::DType::I8);
  };
  for (const io::TensorEntry& e : file.entries())
    if (std::none_of(table.begin(), table.end(), [&](const ParameterInfo& p) { return claims(p, e.name); }))
      return fault(ErrorCode::mismatch, "tensor " + e.name + " is no parameter of this config");
  return Unit{};
}

}  // namespace

Result<Model> load_model(const std::uint8_t* bytes, std::size_t size) {
  const auto file = io::SafeTensors::parse(bytes, size);
  if (!file) return file.error();
  const auto config = read_config(*file);
  if (!config) return config.error();
  // Names and shapes first: they bound the memory by the size of the file.
  const Status names = check_names(*file, parameter_table(*config));
  if (!names) return names.error();
  Model model{*config, Parameters(*config)};
  for (const ParameterInfo& p : model.parameters.table()) {
    const io::TensorEntry& stored = *file->find(p.name);
    const auto values = stored.dtype == io::DType::I8 ? widen_rows(stored, *file->find(p.name + scale_suffix))
                                                      : io::to_tensor(stored, true);
    if (!values) return fault(values.error().code, values.error().message);
    std::copy(values->data.begin(), values->data.end(), model.parameters.flat().data + p.offset);
  }
  return model;
}

std::vector<std::uint8_t> save_model(const Model& model, const std::map<std::string, std::string>& metadata) {
  io::Writer writer;
  for (const auto& pair : metadata) writer.set_metadata(pair.first, pair.second);
  writer.set_metadata(config_key, to_json(model.config));
  for (const ParameterInfo& p : model.parameters.table())
    writer.add(p.name, model.parameters[p.name], real_type);
  return writer.finish();
}

}  // namespace attn
