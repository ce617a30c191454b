// A run as one safetensors file: "model.<name>", "adamw.m.<name>", "adamw.v.<name>" for every
// parameter; in the metadata the config, the step and the data stream's position. 64-bit numbers
// are written as text: JSON numbers are doubles.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "attn/io/safetensors.hpp"
#include "attn/train/trainer_state.hpp"

namespace attn {

namespace {

constexpr io::DType real_type = sizeof(Real) == 8 ? io::DType::F64 : io::DType::F32;
constexpr const char* format_name = "attn.trainer.1";

Error malformed(std::string message) {
  return Error{ErrorCode::malformed, "snapshot: " + std::move(message)};
}

// Digits only, so that nothing but what we wrote is accepted.
Result<std::uint64_t> read_count(const io::SafeTensors& file, const char* key) {
  const auto entry = file.metadata().find(key);
  if (entry == file.metadata().end()) return malformed(std::string("metadata has no ") + key);
  const std::string& text = entry->second;
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
    return malformed(std::string(key) + " = \"" + text + "\" is not a count");
  return static_cast<std::uint64_t>(std::strtoull(text.c_str(), nullptr, 10));
}

constexpr const char* prefixes[] = {"model.", "adamw.m.", "adamw.v."};

// Names, types and shapes of the three tables: checked before their memory is taken, so that the
// config of a small file cannot ask for gigabytes.
Status check_tables(const io::SafeTensors& file, const std::vector<ParameterInfo>& table) {
  if (file.entries().size() != 3 * table.size())
    return malformed("holds " + std::to_string(file.entries().size()) + " tensors, the config needs " +
                     std::to_string(3 * table.size()));
  for (const char* prefix : prefixes)
    for (const ParameterInfo& info : table) {
      const std::string name = prefix + info.name;
      const io::TensorEntry* entry = file.find(name);
      if (!entry) return malformed("tensor " + name + " is missing");
      if (entry->dtype != real_type)
        return malformed("tensor " + name + " is " + io::to_string(entry->dtype) + ", this build needs " +
                         io::to_string(real_type) + " to resume exactly");
      const Index size = static_cast<Index>(entry->size / io::bytes_of(real_type));
      if (size != info.shape.size())
        return malformed("tensor " + name + " has " + std::to_string(size) + " elements, the config says " +
                         to_string(info.shape));
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
      return malformed("tensor " + name + " has shape " + to_string(tensor->shape) + ", the config says " +
                       to_string(info.shape));
    std::copy(tensor->data.begin(), tensor->data.end(), flat + info.offset);
  }
  return Unit{};
}

}  // namespace

std::vector<std::uint8_t> TrainerCore::snapshot() const {
  io::Writer writer;
  const Parameters& p = state_.model.parameters;
  const auto write_table = [&](const std::string& prefix, const Real* flat) {
    for (const ParameterInfo& info : p.table())
      writer.add(prefix + info.name, ConstView(flat + info.offset, info.shape), real_type);
  };
  write_table("model.", p.flat().data);
  write_table("adamw.m.", state_.adamw.m.data());
  write_table("adamw.v.", state_.adamw.v.data());
  const Rng::State data = state_.data.state();
  writer.set_metadata("format", format_name);
  writer.set_metadata("attn.train", to_json(config_));
  writer.set_metadata("attn.step", std::to_string(state_.steps));
  writer.set_metadata("attn.adamw_step", std::to_string(state_.adamw.step));
  writer.set_metadata("attn.data_counter", std::to_string(data.counter));
  return writer.finish();
}

Result<std::unique_ptr<Trainer>> Trainer::resume(const std::uint8_t* bytes, std::size_t size) {
  const Result<io::SafeTensors> file = io::SafeTensors::parse(bytes, size);
  if (!file) return file.error();
  const auto format = file->metadata().find("format");
  const auto json = file->metadata().find("attn.train");
  if (format == file->metadata().end() || format->second != format_name || json == file->metadata().end())
    return malformed("this file is not a training snapshot; a trained model alone cannot be resumed");
  const Result<TrainConfig> config = train_config_from_json(json->second);
  if (!config) return config.error();

  if (const Status s = check_tables(*file, parameter_table(config->model)); !s) return s.error();
  TrainerState state;
  state.model = Model{config->model, Parameters(config->model)};
  const std::size_t parameters = static_cast<std::size_t>(state.model.parameters.size());
  state.adamw.m.resize(parameters);
  state.adamw.v.resize(parameters);
  Real* const flats[] = {state.model.parameters.flat().data, state.adamw.m.data(), state.adamw.v.data()};
  for (int i = 0; i < 3; ++i)
    if (const Status s = read_table(*file, prefixes[i], state.model.parameters, flats[i]); !s)
      return s.error();

  const Result<std::uint64_t> steps = read_count(*file, "attn.step");
  const Result<std::uint64_t> adamw_steps = read_count(*file, "attn.adamw_step");
  const Result<std::uint64_t> counter = read_count(*file, "attn.data_counter");
  for (const Result<std::uint64_t>* count : {&steps, &adamw_steps, &counter})
    if (!*count) return count->error();
  state.steps = static_cast<Index>(*steps);
  state.adamw.step = static_cast<Index>(*adamw_steps);
  Rng::State data = stream(config->seed, Stream::data).state();
  data.counter = *counter;
  state.data = Rng::restore(data);
  return std::unique_ptr<Trainer>(std::make_unique<TrainerCore>(*config, std::move(state)));
}

}  // namespace attn
