#include "attn/train/config_fields.hpp"
#include "attn/train/sequences.hpp"
#include "attn/train/trainer.hpp"

namespace attn {

namespace {

constexpr io::Choice<TaskKind> task_kinds[] = {
    {"repeat", TaskKind::repeat},     {"copy", TaskKind::copy},        {"recall", TaskKind::recall},
    {"markov", TaskKind::markov},     {"ngram", TaskKind::ngram},      {"uniform", TaskKind::uniform},
    {"previous", TaskKind::previous}, {"rarest", TaskKind::rarest},    {"last_name", TaskKind::last_name},
    {"seen", TaskKind::seen},         {"gather", TaskKind::gather},    {"cycle", TaskKind::cycle},
    {"swap", TaskKind::swap},         {"backcopy", TaskKind::backcopy}};

template <class Fields, class Config>
void task_fields(Fields& f, Config& c) {
  f.choice("kind", c.kind, task_kinds);
  f("vocab", c.vocab);
  f("length", c.length);
  f("segment_min", c.segment_min);
  f("segment_max", c.segment_max);
  f("tiled", c.tiled);
  f("fixed_offset", c.fixed_offset);
  f("distinct", c.distinct);
  f("loss_on_all", c.loss_on_all);
  f("order", c.order);
  f("pairs", c.pairs);
  f("places", c.places);
}

template <class Fields, class Config>
void run_fields(Fields& f, Config& c) {
  f("batch", c.batch);
  f("steps", c.steps);
  f("clip", c.clip);
  f("seed", c.seed);
}

Result<TaskConfig> read_task(const io::Json& json) {
  TaskConfig c;
  io::FieldReader f(json, "task");
  task_fields(f, c);
  if (const Status s = f.finish(); !s) return s.error();
  if (const Status s = validate(c); !s) return s.error();
  return c;
}

Status invalid(const char* message) { return Error{ErrorCode::out_of_range, message}; }

}  // namespace

// Negated comparisons, so that NaN fails too.
Status validate_optimiser(const AdamWConfig& adamw, const Schedule& s, Real clip) {
  if (!(adamw.beta1 >= 0 && adamw.beta1 < 1) || !(adamw.beta2 >= 0 && adamw.beta2 < 1))
    return invalid("adamw.beta1 and adamw.beta2 must lie in [0, 1)");
  if (!(adamw.epsilon > 0)) return invalid("adamw.epsilon must be greater than 0");
  if (!(adamw.weight_decay >= 0)) return invalid("adamw.weight_decay must not be negative");
  if (!(s.learning_rate > 0)) return invalid("schedule.learning_rate must be greater than 0");
  if (!(s.floor >= 0 && s.floor <= 1))
    return invalid("schedule.floor is a share of the learning rate and must lie between 0 and 1");
  if (s.warmup < 0 || s.total < 0) return invalid("schedule.warmup and schedule.total must not be negative");
  if (s.kind != ScheduleKind::constant && s.total > 0 && s.total <= s.warmup)
    return invalid("schedule.total must be greater than schedule.warmup: the decay follows the warm-up");
  if (s.decay < 0 || (s.total > 0 && s.decay > s.total - s.warmup))
    return invalid("schedule.decay must fit between schedule.warmup and schedule.total");
  if (!(clip >= 0)) return invalid("clip must not be negative; 0 turns clipping off");
  return Unit{};
}

Status validate(const TrainConfig& c) {
  if (const Status s = validate(c.model); !s) return s.error();
  if (const Status s = validate(c.task); !s) return s.error();
  if (c.task.vocab > c.model.vocab)
    return Error{ErrorCode::mismatch, "task.vocab = " + std::to_string(c.task.vocab) +
                                          " exceeds model.vocab = " + std::to_string(c.model.vocab)};
  if (c.task.length > c.model.context)
    return Error{ErrorCode::mismatch, "task.length = " + std::to_string(c.task.length) +
                                          " exceeds model.context = " + std::to_string(c.model.context)};
  const bool encoder = c.model.kind == Kind::encoder;
  if (encoder && !asks_for_labels(c.task.kind))
    return Error{ErrorCode::unsupported, "model.kind must be decoder: the task predicts the next token"};
  if (!encoder && looks_both_ways(c.task.kind))
    return Error{ErrorCode::unsupported, "model.kind must be encoder: the answer may stand to the right"};
  if (c.batch < 1 || c.batch > 65536) return invalid("batch must lie between 1 and 65536");
  if (c.steps < 0) return invalid("steps must not be negative");
  if (c.seed > (std::uint64_t{1} << 53))
    return invalid("seed must not exceed 2^53: it is stored as a JSON number");
  // Activations of one step, roughly: what a typo such as batch = 32000 would ask for.
  const double scores = static_cast<double>(c.batch) * static_cast<double>(c.model.heads) *
                        static_cast<double>(c.task.length) * static_cast<double>(c.task.length);
  if (scores * static_cast<double>(c.model.layers) > 2.5e8)
    return Error{ErrorCode::too_large,
                 "batch x heads x length x length x layers exceeds 250 million scores: "
                 "lower batch or task.length"};
  return validate_optimiser(c.adamw, c.schedule, c.clip);
}

std::string to_json(const TaskConfig& config) {
  io::FieldWriter f;
  task_fields(f, config);
  return f.json().dump();
}

Result<TaskConfig> task_config_from_json(const std::string& json) {
  const Result<io::Json> parsed = io::Json::parse(json);
  if (!parsed) return parsed.error();
  return read_task(*parsed);
}

std::string to_json(const TrainConfig& c) {
  io::FieldWriter f, task, adamw, schedule;
  task_fields(task, c.task);
  adamw_fields(adamw, c.adamw);
  schedule_fields(schedule, c.schedule);
  f.object("model", io::Json::parse(to_json(c.model)).value());
  f.object("task", task.json());
  f.object("adamw", adamw.json());
  f.object("schedule", schedule.json());
  run_fields(f, c);
  return f.json().dump();
}

Result<TrainConfig> train_config_from_json(const std::string& text) {
  const Result<io::Json> parsed = io::Json::parse(text);
  if (!parsed) return parsed.error();
  TrainConfig c;
  io::FieldReader f(*parsed, "");
  if (const io::Json* model = f.object("model")) {
    Result<ModelConfig> read = model_config_from_json(model->dump());
    if (!read) return read.error();
    c.model = *read;
  }
  if (const io::Json* task = f.object("task")) {
    Result<TaskConfig> read = read_task(*task);
    if (!read) return read.error();
    c.task = *read;
  }
  if (const io::Json* adamw = f.object("adamw")) {
    io::FieldReader inner(*adamw, "adamw");
    adamw_fields(inner, c.adamw);
    if (const Status s = inner.finish(); !s) return s.error();
  }
  if (const io::Json* schedule = f.object("schedule")) {
    io::FieldReader inner(*schedule, "schedule");
    schedule_fields(inner, c.schedule);
    if (const Status s = inner.finish(); !s) return s.error();
  }
  run_fields(f, c);
  if (const Status s = f.finish(); !s) return s.error();
  if (const Status s = validate(c); !s) return s.error();
  return c;
}

}  // namespace attn
