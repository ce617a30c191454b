// Models and trainers: making, holding, letting go.
#include "session.hpp"

#include <algorithm>
#include <cmath>

#include "attn/io/safetensors.hpp"
#include "attn/model/checkpoint.hpp"
#if defined(__EMSCRIPTEN__)
#include <malloc.h>
#endif

namespace attn::wasm {

namespace {

using io::Json;

constexpr std::size_t max_held = 512;  // a page that leaks handles is told so before memory is gone
constexpr std::size_t max_file = std::size_t(64) << 20;

ModelConfig model_config(const Json& json, bool training = false, Index batch = 0) {
  const ModelConfig config = take(model_config_from_json(json.dump()));
  take(validate(config));
  check_size(config, training, batch);
  return config;
}

void check_finite(const std::vector<Real>& values, const char* what) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      throw Refusal(ErrorCode::non_finite,
                    std::string(what) + " " + std::to_string(i) + " is not a finite number");
}

void check_file(const std::vector<std::uint8_t>& bytes) {
  if (bytes.empty()) throw Refusal(ErrorCode::malformed, "the file is empty");
  if (bytes.size() > max_file)
    throw Refusal(ErrorCode::too_large,
                  "the file has " + std::to_string(bytes.size() >> 20) + " MB, the limit is 64 MB");
}

}  // namespace

Json model_info(int id, const Model& model, const std::map<std::string, std::string>& metadata) {
  Json parameters = Json::array();
  for (const ParameterInfo& p : model.parameters.table()) {
    Json row = Json::object();
    row.set("name", Json::of(p.name));
    row.set("shape", json_of(p.shape));
    row.set("offset", Json::of(static_cast<double>(p.offset)));
    parameters.push(std::move(row));
  }
  Json strings = Json::object();
  for (const auto& entry : metadata) strings.set(entry.first, Json::of(entry.second));
  Json info = Json::object();
  info.set("id", Json::of(static_cast<double>(id)));
  info.set("config", json_of_text(to_json(model.config)));
  info.set("parameters", std::move(parameters));
  info.set("metadata", std::move(strings));
  return info;
}

bool Session::in_use(int id) const {
  bool taken = models_.count(id) || trainers_.count(id);
  for (const auto& entry : trainers_) taken = taken || entry.second.model == id;
  return taken;
}

std::size_t Session::held_count() const { return models_.size() + trainers_.size(); }

int Session::free_id(const Fields& fields, const char* key) const {
  const int id = static_cast<int>(fields.index(key, 1, max_id));
  if (in_use(id)) throw Refusal(ErrorCode::mismatch, "number " + std::to_string(id) + " is already in use");
  if (held_count() >= max_held)
    throw Refusal(ErrorCode::too_large, std::to_string(max_held) + " models are held already: dispose some");
  return id;
}

const Model& Session::model(const Fields& fields, const char* key) const {
  const int id = static_cast<int>(fields.index(key, 1, max_id));
  const auto found = models_.find(id);
  if (found != models_.end()) return found->second;
  for (const auto& entry : trainers_)
    if (entry.second.model == id) return entry.second.trainer->model();
  throw Refusal(ErrorCode::out_of_range, "there is no model " + std::to_string(id) + " (disposed?)");
}

Session::HeldTrainer& Session::held(const Fields& fields) {
  const int id = static_cast<int>(fields.index("trainer", 1, max_id));
  const auto found = trainers_.find(id);
  if (found == trainers_.end())
    throw Refusal(ErrorCode::out_of_range, "there is no trainer " + std::to_string(id) + " (disposed?)");
  return found->second;
}

Reply Session::hold(int id, std::map<std::string, std::string> metadata, Model made) {
  Model& kept = models_[id] = std::move(made);
  Reply reply;
  reply.value = model_info(id, kept, metadata);
  return reply;
}

Reply Session::load_model(const Request& request) {
  const int id = free_id(Fields(request.json, "request"), "id");
  check_file(request.bytes);
  const io::SafeTensors file = take(io::SafeTensors::parse(request.bytes.data(), request.bytes.size()));
  return hold(id, file.metadata(), take(attn::load_model(request.bytes.data(), request.bytes.size())));
}

Reply Session::create_model(const Request& request) {
  const Fields fields(request.json, "request");
  const int id = free_id(fields, "id");
  Model made;
  made.config = model_config(fields.at("config"));
  made.parameters = Parameters(made.config);
  if (fields.has("seed")) {
    Rng rng = stream(fields.seed("seed"), Stream::init);
    initialise(made.parameters, made.config, rng);
    return hold(id, {}, std::move(made));
  }
  const View flat = made.parameters.flat();
  if (static_cast<Index>(request.numbers.size()) != flat.size())
    throw Refusal(ErrorCode::mismatch, std::to_string(request.numbers.size()) +
                                           " weights given, this model has " + std::to_string(flat.size()));
  check_finite(request.numbers, "weight");
  std::copy(request.numbers.begin(), request.numbers.end(), flat.begin());
  return hold(id, {}, std::move(made));
}

Reply Session::save_model(const Request& request) {
  Reply reply;
  reply.bytes = attn::save_model(model(Fields(request.json, "request")));
  return reply;
}

Reply Session::dispose_model(const Request& request) {
  const Fields fields(request.json, "request");
  if (!models_.erase(static_cast<int>(fields.index("model", 1, max_id)))) {
    model(fields);  // refuses when there is none
    throw Refusal(ErrorCode::mismatch, "this model belongs to a trainer: dispose the trainer");
  }
  return {};
}

Reply Session::hold_trainer(const Fields& fields, std::unique_ptr<Trainer> trainer) {
  const int id = free_id(fields, "id"), model_id = free_id(fields, "model");
  if (id == model_id) throw Refusal(ErrorCode::mismatch, "a trainer and its model need different numbers");
  HeldTrainer made;
  const TrainConfig& config = trainer->config();
  Rng evaluation = stream(config.seed, Stream::evaluation), probe = stream(config.seed, Stream::probe);
  made.evaluation = make_batch(config.task, config.batch, evaluation);
  // Enough repeats for a stable score, few enough to measure every ten steps.
  constexpr Index probe_batch = 16;
  if (config.model.context >= 2)
    made.probe = random_repeat_batch(config.model.vocab, probe_batch, config.model.context / 2, probe);
  made.model = model_id;
  made.trainer = std::move(trainer);
  made.last.step = made.trainer->steps_done();
  HeldTrainer& kept = trainers_[id] = std::move(made);
  Reply reply;
  reply.value.set("id", Json::of(static_cast<double>(id)));
  reply.value.set("model", model_info(model_id, kept.trainer->model(), {}));
  reply.value.set("step", Json::of(static_cast<double>(kept.last.step)));
  return reply;
}

Reply Session::create_trainer(const Request& request) {
  const Fields fields(request.json, "request");
  const TrainConfig config = take(train_config_from_json(fields.at("config").dump()));
  check_size(config.model, true, config.batch);
  return hold_trainer(fields, take(Trainer::create(config)));
}

Reply Session::resume_trainer(const Request& request) {
  check_file(request.bytes);
  std::unique_ptr<Trainer> trainer = take(Trainer::resume(request.bytes.data(), request.bytes.size()));
  check_size(trainer->config().model, true, trainer->config().batch);  // the file bounds the weights alone
  return hold_trainer(Fields(request.json, "request"), std::move(trainer));
}

Reply Session::dispose_trainer(const Request& request) {
  const Fields fields(request.json, "request");
  held(fields);  // refuses when there is none
  trainers_.erase(static_cast<int>(fields.index("trainer", 1, max_id)));
  return {};
}

Reply Session::census(const Request&) {
  Reply reply;
  reply.value.set("models", Json::of(static_cast<double>(models_.size())));
  reply.value.set("trainers", Json::of(static_cast<double>(trainers_.size())));
#if defined(__EMSCRIPTEN__)
  constexpr double page = 65536;
  reply.value.set("memory", Json::of(page * static_cast<double>(__builtin_wasm_memory_size(0))));
  reply.value.set("allocated", Json::of(static_cast<double>(mallinfo().uordblks)));
#else
  reply.value.set("memory", Json::of(0.0));
  reply.value.set("allocated", Json::of(0.0));
#endif
  return reply;
}

}  // namespace attn::wasm
