#include "attn/train/config_fields.hpp"
#include "attn/train/lm.hpp"

namespace attn {

namespace {

constexpr io::Choice<Optimiser> optimisers[] = {{"adamw", Optimiser::adamw}, {"muon", Optimiser::muon}};

template <class Fields, class Config>
void run_fields(Fields& f, Config& c) {
  f("length", c.length);
  f("batch", c.batch);
  f("shards", c.shards);
  f("steps", c.steps);
  f.choice("optimiser", c.optimiser, optimisers);
  f("clip", c.clip);
  f("seed", c.seed);
}

template <class Fields, class Config>
void muon_fields(Fields& f, Config& c) {
  f("momentum", c.momentum);
  f("iterations", c.iterations);
}

// f(key, what reads or writes the fields) for each nested object but the model.
template <class Fields, class Part>
Status read_part(Fields& f, const char* key, Part part) {
  const io::Json* json = f.object(key);
  if (!json) return Unit{};
  io::FieldReader inner(*json, key);
  part(inner);
  return inner.finish();
}

Status invalid(std::string message) { return Error{ErrorCode::out_of_range, std::move(message)}; }

}  // namespace

Status validate(const LmConfig& c) {
  if (const Status s = validate(c.model); !s) return s.error();
  if (c.model.kind != Kind::decoder || !c.model.unembed || c.model.token_types)
    return Error{ErrorCode::unsupported, "a language model is a decoder with an unembedding and no types"};
  if (c.model.vocab > 65536) return invalid("model.vocab must not exceed 65536: tokens are 16 bits wide");
  if (c.resolved_length() < 2 || c.resolved_length() > c.model.context)
    return invalid("length must lie between 2 and model.context");
  if (c.batch < 1 || c.batch > 65536) return invalid("batch must lie between 1 and 65536");
  if (c.shards < 1 || c.shards > 64 || c.batch % c.shards)
    return invalid("shards must lie between 1 and 64 and divide batch");
  if (c.muon.iterations < 1 || c.muon.iterations > 20)
    return invalid("muon.iterations must lie between 1 and 20");
  if (!(c.muon.momentum >= 0 && c.muon.momentum < 1)) return invalid("muon.momentum must lie in [0, 1)");
  if (c.seed > (std::uint64_t{1} << 53))
    return invalid("seed must not exceed 2^53: it is stored as a JSON number");
  Schedule schedule = c.schedule;
  if (schedule.total == 0) schedule.total = c.steps;
  return validate_optimiser(c.adamw, schedule, c.clip);
}

std::string to_json(const LmConfig& c) {
  io::FieldWriter f, muon, adamw, schedule;
  muon_fields(muon, c.muon);
  adamw_fields(adamw, c.adamw);
  schedule_fields(schedule, c.schedule);
  f.object("model", io::Json::parse(to_json(c.model)).value());
  run_fields(f, c);
  f.object("muon", muon.json());
  f.object("adamw", adamw.json());
  f.object("schedule", schedule.json());
  return f.json().dump();
}

Result<LmConfig> lm_config_from_json(const std::string& text) {
  const Result<io::Json> parsed = io::Json::parse(text);
  if (!parsed) return parsed.error();
  LmConfig c;
  io::FieldReader f(*parsed, "");
  if (const io::Json* model = f.object("model")) {
    Result<ModelConfig> read = model_config_from_json(model->dump());
    if (!read) return read.error();
    c.model = *read;
  }
  run_fields(f, c);
  const Status parts[] = {
      read_part(f, "muon", [&c](io::FieldReader& in) { muon_fields(in, c.muon); }),
      read_part(f, "adamw", [&c](io::FieldReader& in) { adamw_fields(in, c.adamw); }),
      read_part(f, "schedule", [&c](io::FieldReader& in) { schedule_fields(in, c.schedule); }), f.finish()};
  for (const Status& s : parts)
    if (!s) return s.error();
  if (const Status s = validate(c); !s) return s.error();
  return c;
}

}  // namespace attn
