// The JSON fields that the configs of both trainers share.
#pragma once

#include "attn/io/fields.hpp"
#include "attn/train/trainer.hpp"

namespace attn {

inline constexpr io::Choice<ScheduleKind> schedule_kinds[] = {{"constant", ScheduleKind::constant},
                                                              {"cosine", ScheduleKind::cosine},
                                                              {"linear", ScheduleKind::linear},
                                                              {"wsd", ScheduleKind::wsd}};

template <class Fields, class Config>
void adamw_fields(Fields& f, Config& c) {
  f("beta1", c.beta1);
  f("beta2", c.beta2);
  f("epsilon", c.epsilon);
  f("weight_decay", c.weight_decay);
}

template <class Fields, class Config>
void schedule_fields(Fields& f, Config& c) {
  f.choice("kind", c.kind, schedule_kinds);
  f("learning_rate", c.learning_rate);
  f("warmup", c.warmup);
  f("total", c.total);
  f("decay", c.decay);
  f("floor", c.floor);
}

Status validate_optimiser(const AdamWConfig& adamw, const Schedule& schedule, Real clip);

}  // namespace attn
