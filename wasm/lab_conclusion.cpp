// The conclusion: attention as gain, and a controller that models its own attention. None of it needs a
// model.
#include <algorithm>

#include "attn/analysis/gain_field.hpp"
#include "attn/train/schema_model.hpp"
#include "lab.hpp"

namespace attn::wasm {

namespace {

constexpr Index max_schema_steps = 500, schema_exam = 256, most_places = 256, most_rows = 64;

SchemaConfig schema_config(const Fields& fields) {
  SchemaConfig c;
  c.wiring = static_cast<SchemaWiring>(fields.choice("wiring", {"none", "aside", "fed", "free", "mirror"}));
  c.pull = fields.number_or("pull", c.pull);
  c.captured = fields.number_or("captured", c.captured);
  c.batch = fields.index_or("batch", 2, 128, c.batch);
  c.learning_rate = fields.number_or("learning_rate", c.learning_rate);
  c.seed = fields.seed("seed");
  if (const Status status = validate(c); !status.ok()) throw Refusal(status.error());
  return c;
}

io::Json json_of(const SchemaExam& exam) {
  io::Json json = io::Json::object();
  for (const auto& [name, value] : {std::pair("accuracy", exam.accuracy),
                                    {"loss", exam.loss},
                                    {"divergence", exam.divergence},
                                    {"match", exam.match},
                                    {"stale", exam.stale_match},
                                    {"onTarget", exam.on_target}})
    json.set(name, io::Json::of(static_cast<double>(value)));
  return json;
}

}  // namespace

// State in, state out, as parity_steps.
Reply LabSession::schema_steps(const Request& request) {
  const Fields fields(request.json, "request");
  SchemaModel model(schema_config(fields));
  go_on(model, request, fields, max_schema_steps);
  Reply reply;
  reply.value.set("step", json_of_count(model.steps_done()));
  reply.value.set("own", json_of(model.evaluate(schema_exam, false)));
  reply.value.set("foreign", json_of(model.evaluate(schema_exam, true)));
  reply.tensors.push_back({"state", row_of(model.state())});
  return reply;
}

Reply LabSession::gain_field(const Request& request) {
  const Fields fields(request.json, "request");
  const std::vector<io::Json>& gains = fields.list("gain");
  const Index N = static_cast<Index>(gains.size()), given = static_cast<Index>(request.numbers.size());
  const Index M = N > 0 ? given / N : 0;
  if (N < 1 || N > most_places || M < 1 || M > most_rows || M * N != given)
    throw Refusal(ErrorCode::mismatch, "the drive must be 1 to 64 rows as long as the gain, 1 to 256");
  Tensor gain(Shape{N});
  const auto fits = [](double x) { return x >= 0 && x <= 1e6; };
  for (std::size_t j = 0; j < gains.size(); ++j) {
    if (!gains[j].is(io::Json::Type::number) || !fits(gains[j].number()))
      throw Refusal(ErrorCode::out_of_range, "a gain must be a number in [0, 1e6]");
    gain.data[j] = static_cast<Real>(gains[j].number());
  }
  if (!std::all_of(request.numbers.begin(), request.numbers.end(), fits))
    throw Refusal(ErrorCode::out_of_range, "a drive must be in [0, 1e6]");
  const Real sigma = fields.number_in("sigma", 0, 1e6, 1),
             pool = fields.number_in("pool", Real(0.01), 1e6, 8);
  Reply reply;
  reply.tensors.push_back(
      {"response", attn::gain_field({request.numbers.data(), {M, N}}, gain.view(), sigma, pool)});
  return reply;
}

}  // namespace attn::wasm
