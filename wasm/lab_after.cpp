// Chapter 20: a bit that must be kept, and a memory that learns while it reads. None of it needs a model.
#include <algorithm>

#include "attn/analysis/online_learning.hpp"
#include "attn/train/parity_model.hpp"
#include "lab.hpp"

namespace attn::wasm {

namespace {

constexpr Index max_parity_steps = 200, parity_exam = 128, last_places = 4;

ParityConfig parity_config(const Fields& fields) {
  ParityConfig c;
  c.mixer = static_cast<ParityMixer>(fields.choice("mixer", {"positive", "signed", "exact", "attention"}));
  c.length = fields.index_or("length", 1, c.longest, c.length);
  c.batch = fields.index_or("batch", 1, 128, c.batch);
  c.learning_rate = fields.number_or("learning_rate", c.learning_rate);
  c.seed = fields.seed("seed");
  if (const Status status = validate(c); !status.ok()) throw Refusal(status.error());
  return c;
}

}  // namespace

// State in, state out, as gate_steps.
Reply LabSession::parity_steps(const Request& request) {
  const Fields fields(request.json, "request");
  const ParityConfig config = parity_config(fields);
  const std::vector<Index> lengths = fields.indices("lengths", 1, config.longest);
  ParityModel model(config);
  go_on(model, request, fields, max_parity_steps);
  Tensor accuracy(Shape{static_cast<Index>(lengths.size())});
  std::transform(lengths.begin(), lengths.end(), accuracy.data.begin(),
                 [&](Index length) { return model.evaluate(length, parity_exam, last_places).accuracy; });
  Reply reply;
  reply.value.set("step", json_of_count(model.steps_done()));
  reply.tensors.push_back({"accuracy", std::move(accuracy)});
  reply.tensors.push_back({"gates", model.gates()});
  reply.tensors.push_back({"state", row_of(model.state())});
  return reply;
}

Reply LabSession::online_errors(const Request& request) {
  const Fields fields(request.json, "request");
  StreamConfig c;
  c.width = fields.index_or("width", 1, 64, c.width);
  c.tokens = fields.index_or("tokens", 1, 1024, c.tokens);
  c.change = fields.index_or("change", 0, 1024, c.tokens / 2);
  c.window = fields.index_or("window", 1, 1024, c.window);
  c.trials = fields.index_or("trials", 1, 50, c.trials);
  c.noise = fields.number_in("noise", 0, 2, c.noise);
  c.alpha = fields.number_in("alpha", 0, 1, c.alpha);
  c.beta = fields.number_in("beta", 0, 2, c.beta);
  c.sharpness = fields.number_in("sharpness", 0, 100, c.sharpness);
  c.seed = fields.seed("seed");
  Reply reply;
  reply.tensors.push_back({"errors", attn::online_errors(c)});
  return reply;
}

}  // namespace attn::wasm
