// The session without JavaScript: the same tests run natively, under sanitizers and in WASM.
#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "attn/io/safetensors.hpp"
#include "attn/model/checkpoint.hpp"
#include "attn/model/snapshots.hpp"
#include "requests.hpp"

using namespace attn;
using namespace attn::wasm;

namespace {

const std::string tiny = R"("config": {"vocab": 5, "context": 6, "layers": 2, "width": 8, "heads": 2})";

// The recipe of models/repeat-2l, small enough for a test.
const std::string small_recipe =
    R"({"model": {"vocab": 8, "context": 16, "layers": 2, "width": 16, "heads": 2, "norm_gain": false},
        "task": {"kind": "repeat", "vocab": 8, "length": 16, "segment_min": 3, "segment_max": 8},
        "schedule": {"learning_rate": 0.01}, "batch": 8, "seed": 1})";

}  // namespace

TEST_CASE("a model is made, asked and let go") {
  Session session;
  session.create_model(request(R"({"id": 1, "seed": 1, )" + tiny + "}"));
  const Reply reply = session.run(request(
      R"({"model": 1, "tokens": [[0, 1, 2, 3], [4, 3, 2, 1]], "capture": ["blocks.1.attn.pattern", "logits"]})"));
  REQUIRE(reply.tensors.size() == 3);
  CHECK(reply.tensors[0].tensor.shape == Shape{2, 2, 4, 4});
  CHECK(reply.tensors[1].tensor.shape == Shape{2, 4, 5});
  CHECK(reply.tensors[2].name == "losses");
  CHECK(reply.tensors[2].tensor.shape == Shape{2, 3});
  double sum = 0;
  for (Real loss : reply.tensors[2].tensor.data) sum += loss;
  CHECK(number(reply, "loss") == doctest::Approx(sum / 6).epsilon(1e-5));
  session.dispose_model(request(R"({"model": 1})"));
  CHECK(refusal(session, &Session::run, request(R"({"model": 1, "tokens": [[0]], "capture": []})")) ==
        ErrorCode::out_of_range);
}

TEST_CASE("requests that no session can serve are refused with a reason") {
  Session session;
  session.create_model(request(R"({"id": 1, "seed": 1, )" + tiny + "}"));
  const auto run = [&](const char* rest) {
    return refusal(session, &Session::run, request(std::string(R"({"model": 1, )") + rest + "}"));
  };
  CHECK(run(R"("tokens": [[0, 5]], "capture": [])") == ErrorCode::out_of_range);
  CHECK(run(R"("tokens": [[0, 1, 2, 3, 4, 0, 1]], "capture": [])") == ErrorCode::out_of_range);
  CHECK(run(R"("tokens": [[]], "capture": [])") == ErrorCode::malformed);
  CHECK(run(R"("tokens": [], "capture": [])") == ErrorCode::malformed);
  CHECK(run(R"("tokens": [[0.5]], "capture": [])") == ErrorCode::malformed);
  CHECK(run(R"("tokens": [[1e300]], "capture": [])") == ErrorCode::malformed);
  CHECK(run(R"("tokens": [[0, 1], [0]], "capture": [])") == ErrorCode::mismatch);
  CHECK(run(R"("tokens": [[0]], "capture": ["nothing"])") == ErrorCode::out_of_range);
  CHECK(run(R"("tokens": [[0]], "capture": ["blocks.0.attn.rot_k"])") == ErrorCode::unsupported);
  CHECK(run(R"("tokens": [[0]])") == ErrorCode::malformed);
  CHECK(refusal(session, &Session::create_model, request(R"({"id": 1, "seed": 1, )" + tiny + "}")) ==
        ErrorCode::mismatch);  // the number is taken
  CHECK(refusal(session, &Session::create_model,
                request(R"({"id": 2, "seed": 1, "config": {"vocab": 1000, "context": 6, "layers": 2,
                           "width": 1000000, "heads": 2}})")) == ErrorCode::too_large);
}

TEST_CASE("replacement activations are checked before they are put in place") {
  Session session;
  session.create_model(request(R"({"id": 1, "seed": 1, )" + tiny + "}"));
  Request r = request(R"({"model": 1, "tokens": [[0]], "capture": ["blocks.0.attn.z"],
                          "replace": [{"name": "blocks.0.attn.z", "shape": [1, 1, 2, 4]}]})");
  r.numbers = {1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(session.run(r).tensors[0].tensor.data == r.numbers);
  r.numbers.pop_back();
  CHECK(refusal(session, &Session::run, r) == ErrorCode::mismatch);
  r.numbers.push_back(std::numeric_limits<Real>::quiet_NaN());
  CHECK(refusal(session, &Session::run, r) == ErrorCode::non_finite);
  Request other = request(R"({"model": 1, "tokens": [[0]], "capture": [],
                              "replace": [{"name": "blocks.0.attn.z", "shape": [1, 1, 8]}]})");
  other.numbers = {1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(refusal(session, &Session::run, other) == ErrorCode::mismatch);
}

TEST_CASE("a trainer trains, its model answers under its own number, a snapshot goes on bit for bit") {
  Session session;
  session.create_trainer(request(R"({"id": 1, "model": 2, "config": )" + small_recipe + "}"));
  const double at_start = number(session.measure(request(R"({"trainer": 1})")), "evalLoss");
  session.train_steps(request(R"({"trainer": 1, "count": 20})"));
  Request resume = request(R"({"id": 3, "model": 4})");
  resume.bytes = session.snapshot(request(R"({"trainer": 1})")).bytes;
  session.resume_trainer(resume);
  for (const char* trainer : {R"({"trainer": 1, "count": 30})", R"({"trainer": 3, "count": 30})"})
    session.train_steps(request(trainer));
  CHECK(session.snapshot(request(R"({"trainer": 1})")).bytes ==
        session.snapshot(request(R"({"trainer": 3})")).bytes);
  const Reply reply = session.measure(request(R"({"trainer": 3, "weights": true})"));
  CHECK(number(reply, "step") == 50);
  CHECK(number(reply, "evalLoss") < at_start);
  CHECK(reply.value.find("heads")->items().size() == 4);
  session.run(request(R"({"model": 4, "tokens": [[0, 1]], "capture": []})"));
  CHECK(refusal(session, &Session::dispose_model, request(R"({"model": 4})")) == ErrorCode::mismatch);
  session.dispose_trainer(request(R"({"trainer": 3})"));
  CHECK(refusal(session, &Session::run, request(R"({"model": 4, "tokens": [[0]], "capture": []})")) ==
        ErrorCode::out_of_range);
}

TEST_CASE("the in-context chain is measured against its three strategies") {
  Session session;
  session.create_trainer(request(
      R"({"id": 1, "model": 2, "config": {"model": {"vocab": 3, "context": 16, "layers": 1, "width": 8, "heads": 1},
          "task": {"kind": "markov", "vocab": 3, "length": 16}, "batch": 4}})"));
  const Reply reply = session.measure(request(R"({"trainer": 1})"));
  const io::Json* strategies = reply.value.find("strategies");
  REQUIRE(strategies);
  for (const char* name : {"uniform", "unigram", "bigram"}) {
    CHECK(std::isfinite(strategies->find(name)->number()));
    CHECK(strategies->find(name)->number() >= 0);  // a divergence
  }
}

TEST_CASE("the chain's alphabet is the task's, also where the model knows more tokens") {
  const std::string task = R"("task": {"kind": "markov", "vocab": 3, "length": 4})";
  Session session;
  session.create_trainer(request(
      R"({"id": 1, "model": 2, "config": {"model": {"vocab": 7, "context": 4, "layers": 1, "width": 8, "heads": 1}, )" +
      task + R"(, "batch": 2}})"));
  const io::Json tokens =
      *session.task_batch(request("{" + task + R"(, "batch": 2, "seed": 1})")).value.find("tokens");
  const Tensor logits = tensor(
      session.run(request(R"({"model": 2, "capture": [], "output": true, "tokens": )" + tokens.dump() + "}")),
      "output");
  double divergence = 0;  // of 1/3 each from the model's probabilities, the mean over 2 · 4 places
  for (Index i = 0; i < 8; ++i) {
    double total = 0;
    for (Index v = 0; v < 7; ++v) total += std::exp(static_cast<double>(logits.view()[i * 7 + v]));
    for (Index v = 0; v < 3; ++v)
      divergence += (std::log(total / 3) - static_cast<double>(logits.view()[i * 7 + v])) / 3 / 8;
  }
  CHECK(number(session.measure(request(R"({"trainer": 1})")), "step") == 0);
  CHECK(session.measure(request(R"({"trainer": 1})")).value.find("strategies")->find("uniform")->number() ==
        doctest::Approx(divergence).epsilon(1e-5));
}

TEST_CASE("a snapshot that asks for more than a tab can give is refused as a fresh trainer is") {
  Session session;
  session.create_trainer(request(
      R"({"id": 1, "model": 2, "config": {"model": {"vocab": 3, "context": 32, "layers": 1, "width": 8, "heads": 1},
          "task": {"kind": "markov", "vocab": 3, "length": 32}, "batch": 1000}})"));
  Request resume = request(R"({"id": 3, "model": 4})");
  resume.bytes = session.snapshot(request(R"({"trainer": 1})")).bytes;
  const std::string batch = R"(\"batch\":1000)";
  const auto at = std::search(resume.bytes.begin(), resume.bytes.end(), batch.begin(), batch.end());
  REQUIRE(at != resume.bytes.end());
  std::fill_n(at + static_cast<std::ptrdiff_t>(batch.size()) - 4, 4, std::uint8_t('9'));
  CHECK(refusal(session, &Session::resume_trainer, resume) == ErrorCode::too_large);
}

TEST_CASE("a model is taken back along its training") {
  const ModelConfig config = *model_config_from_json(
      R"({"kind": "decoder", "vocab": 8, "context": 8, "layers": 1, "width": 8, "heads": 2, "position": "rope"})");
  const std::uint64_t seed = 7;
  Model first{config, Parameters(config)};
  Rng rng = stream(seed, Stream::init);
  initialise(first.parameters, config, rng);
  Model last = first;
  for (Real& w : last.parameters.flat()) w *= Real(1.5);
  const std::vector<std::uint8_t> bytes = *save_snapshots({{0, first}, {5, last}}, seed, last, Real(0.1));

  LabSession session;
  Request shipped = request(R"({"id": 1})");
  shipped.bytes = save_model(last);
  session.load_model(shipped);
  Request state = request(R"({"id": 2, "final": 1, "number": 0})");
  state.bytes = bytes;
  CHECK(session.load_snapshot(state).value.find("steps")->dump() == "[0,5]");
  state.json = request(R"({"id": 3, "final": 1, "number": 1, "after": 2})").json;
  session.load_snapshot(state);
  const auto weights = [&](const char* model) {
    const auto file = session.save_model(request(model)).bytes;
    return load_model(file.data(), file.size())->parameters.flat().data[3];
  };
  CHECK(weights(R"({"model": 2})") == first.parameters.flat().data[3]);
  CHECK(std::fabs(weights(R"({"model": 3})") - last.parameters.flat().data[3]) < 0.1);
  state.json = request(R"({"id": 4, "final": 1, "number": 2})").json;
  CHECK(refusal(session, &LabSession::load_snapshot, state) == ErrorCode::out_of_range);
  state.json = request(R"({"id": 4, "final": 9, "number": 1})").json;
  CHECK(refusal(session, &LabSession::load_snapshot, state) == ErrorCode::out_of_range);
  state.json = request(R"({"id": 4, "final": 1, "number": 1})").json;
  state.bytes = save_model(last);
  CHECK(refusal(session, &LabSession::load_snapshot, state) == ErrorCode::malformed);
}

TEST_CASE("a tokenizer is loaded, asked and let go") {
  text::Tokenizer made = *text::Tokenizer::create({' ', 'a', 'b', 0x436});
  REQUIRE(made.add({258, 259}).ok());
  LabSession session;
  Request file = request(R"({"id": 1})");
  const std::string json = made.to_json();
  file.bytes.assign(json.begin(), json.end());
  const Reply loaded = session.load_tokenizer(file);
  CHECK(loaded.value.find("names")->items().size() == 262);
  CHECK(loaded.value.find("names")->items()[261].string() == "ab");
  CHECK(refusal(session, &LabSession::load_tokenizer, file) == ErrorCode::mismatch);  // the number is taken

  const Reply encoded = session.encode(request(R"({"tokenizer": 1, "text": "abЯ"})"));
  CHECK(encoded.value.find("tokens")->dump() == "[261,209,176]");
  CHECK(encoded.value.find("spans")->dump() == "[[0,2],[2,3],[2,3]]");
  const Reply decoded = session.decode(request(R"({"tokenizer": 1, "tokens": [0, 261, 209, 176, 209]})"));
  CHECK(decoded.value.find("text")->string() == "abЯ\uFFFD");
  CHECK(refusal(session, &LabSession::decode, request(R"({"tokenizer": 1, "tokens": [262]})")) ==
        ErrorCode::out_of_range);

  session.dispose_tokenizer(request(R"({"tokenizer": 1})"));
  CHECK(refusal(session, &LabSession::encode, request(R"({"tokenizer": 1, "text": ""})")) ==
        ErrorCode::out_of_range);
  file.bytes.pop_back();
  CHECK(refusal(session, &LabSession::load_tokenizer, file) == ErrorCode::malformed);
}

namespace {

const char* const gpt2_config =
    R"({\"model_type\": \"gpt2\", \"vocab_size\": 5, \"n_positions\": 6, \"n_embd\": 8, \"n_layer\": 1, \"n_head\": 2})";

// The weights of such a model, every number `value`, as a file.
std::vector<std::uint8_t> gpt2_file(Real value) {
  io::Writer writer;
  const auto add = [&](const char* name, const Shape& shape) {
    Tensor t(shape);
    std::fill(t.data.begin(), t.data.end(), value);
    writer.add(name, t.view());
  };
  add("wte.weight", {5, 8}), add("wpe.weight", {6, 8});
  for (const char* norm : {"h.0.ln_1", "h.0.ln_2", "ln_f"})
    for (const char* part : {".weight", ".bias"}) add((std::string(norm) + part).c_str(), {8});
  add("h.0.attn.c_attn.weight", {8, 24}), add("h.0.attn.c_attn.bias", {24});
  add("h.0.attn.c_proj.weight", {8, 8}), add("h.0.attn.c_proj.bias", {8});
  add("h.0.mlp.c_fc.weight", {8, 32}), add("h.0.mlp.c_fc.bias", {32});
  add("h.0.mlp.c_proj.weight", {32, 8}), add("h.0.mlp.c_proj.bias", {8});
  return writer.finish();
}

Request plan_request(const std::vector<std::uint8_t>& file, std::size_t header, double size) {
  Request r = request(R"({"id": 4, "config": ")" + std::string(gpt2_config) +
                      R"(", "files": [{"name": "a", "size": )" + io::Json::of(size).dump() +
                      R"(, "header": )" + std::to_string(header) + "}]}");
  r.bytes.assign(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(header));
  return r;
}

std::size_t header_length(const std::vector<std::uint8_t>& file) {
  return *io::SafeTensors::header_bytes(file.data(), file.size(), file.size());
}

// Gives the bytes that are wanted until the model is there.
Reply feed_all(LabSession& session, const std::vector<std::uint8_t>& file) {
  Reply fed = session.feed_model(request(R"({"id": 4})"));
  while (const io::Json* next = fed.value.find("next")) {
    Request piece = request(R"({"id": 4})");
    const auto from = file.begin() + static_cast<std::ptrdiff_t>(next->find("offset")->number());
    piece.bytes.assign(from, from + static_cast<std::ptrdiff_t>(next->find("size")->number()));
    fed = session.feed_model(piece);
  }
  return fed;
}

}  // namespace

TEST_CASE("a Hugging Face folder is planned, fed, asked and let go") {
  LabSession session;
  const std::vector<std::uint8_t> file = gpt2_file(Real(0.1));
  const double size = static_cast<double>(file.size());
  const Reply plan = session.plan_model(plan_request(file, header_length(file), size));
  CHECK(plan.value.find("modelType")->string() == "gpt2");
  CHECK(plan.value.find("fits")->boolean());
  CHECK(number(plan, "readBytes") == size - static_cast<double>(header_length(file)));
  CHECK(refusal(session, &LabSession::plan_model, plan_request(file, header_length(file), size)) ==
        ErrorCode::mismatch);  // the number is taken
  const Reply fed = feed_all(session, file);
  CHECK(fed.value.find("model")->find("id")->number() == 4);
  const Reply ran = session.run(request(R"({"model": 4, "tokens": [[0, 1, 2]], "capture": ["logits"]})"));
  CHECK(ran.tensors[0].tensor.shape == Shape{1, 3, 5});
  session.dispose_model(request(R"({"model": 4})"));
  CHECK(number(session.census(request("{}")), "models") == 0);
}

TEST_CASE("a folder that is wrong leaves nothing behind") {
  LabSession session;
  const std::vector<std::uint8_t> file = gpt2_file(Real(0.1)),
                                  bad = gpt2_file(std::numeric_limits<Real>::infinity());
  const std::size_t header = header_length(file);
  const double size = static_cast<double>(file.size());
  CHECK(refusal(session, &LabSession::plan_model, plan_request(file, header, size - 4)) ==
        ErrorCode::malformed);
  CHECK(refusal(session, &LabSession::plan_model, plan_request(file, header - 9, size)) ==
        ErrorCode::mismatch);
  CHECK(refusal(session, &LabSession::plan_model, plan_request(file, 3, 3)) == ErrorCode::malformed);
  CHECK(refusal(session, &LabSession::feed_model, request(R"({"id": 4})")) == ErrorCode::out_of_range);

  session.plan_model(plan_request(bad, header, size));
  CHECK_THROWS_AS(feed_all(session, bad), Refusal);
  CHECK(refusal(session, &LabSession::feed_model, request(R"({"id": 4})")) == ErrorCode::out_of_range);

  session.plan_model(plan_request(file, header, size));
  session.feed_model(request(R"({"id": 4})"));
  Request odd = request(R"({"id": 4})");
  odd.bytes.assign(3, 0);
  CHECK(refusal(session, &LabSession::feed_model, odd) == ErrorCode::mismatch);
  session.plan_model(plan_request(file, header, size));  // the number is free again
  session.dispose_model(request(R"({"model": 4})"));
  CHECK(refusal(session, &LabSession::dispose_model, request(R"({"model": 4})")) == ErrorCode::out_of_range);
}
