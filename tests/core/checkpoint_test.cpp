#include "attn/model/checkpoint.hpp"

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "attn/io/safetensors.hpp"

using namespace attn;
using Bytes = std::vector<std::uint8_t>;

namespace {

ModelConfig small_config() {
  ModelConfig c;
  c.vocab = 5, c.context = 6, c.layers = 2, c.width = 8, c.heads = 2, c.kv_heads = 1;
  c.mlp = MlpKind::swiglu;
  c.norm_kind = NormKind::layer_norm;
  c.qkv_bias = true;
  return c;
}

Model sample() {
  Model m{small_config(), Parameters(small_config())};
  Rng rng(3);
  initialise(m.parameters, m.config, rng);
  return m;
}

Result<Model> load(const Bytes& b) { return load_model(b.data(), b.size()); }

// The sample's tensors, changed on their way into a new file.
template <class F>
Bytes rewritten(F change, const std::string& config = to_json(small_config())) {
  const Bytes bytes = save_model(sample());
  const auto file = io::SafeTensors::parse(bytes.data(), bytes.size());
  io::Writer writer;
  if (!config.empty()) writer.set_metadata("attn.config", config);
  for (const io::TensorEntry& e : file->entries()) {
    Tensor t = io::to_tensor(e).value();
    std::string name = e.name;
    if (change(name, t)) writer.add(name, t);
  }
  return writer.finish();
}
bool says(const Bytes& b, const char* what, ErrorCode code) {
  const auto r = load(b);
  if (r.ok()) return false;
  INFO(r.error().message);
  CHECK(r.error().code == code);
  return r.error().message.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("checkpoint: what is saved is loaded, bit for bit") {
  const Model m = sample();
  const Bytes bytes = save_model(m, {{"attn.task", "repeat"}});
  const auto back = load(bytes);
  REQUIRE(back.ok());
  CHECK(to_json(back->config) == to_json(m.config));
  REQUIRE(back->parameters.size() == m.parameters.size());
  CHECK(std::equal(m.parameters.flat().begin(), m.parameters.flat().end(), back->parameters.flat().begin()));
  CHECK(io::SafeTensors::parse(bytes.data(), bytes.size())->metadata().at("attn.task") == "repeat");
  CHECK(save_model(*back, {{"attn.task", "repeat"}}) == bytes);
}

TEST_CASE("checkpoint: half precision is widened") {
  const Model m = sample();
  for (const io::DType dtype : {io::DType::F16, io::DType::BF16}) {
    io::Writer writer;
    writer.set_metadata("attn.config", to_json(m.config));
    for (const ParameterInfo& p : m.parameters.table()) writer.add(p.name, m.parameters[p.name], dtype);
    const auto back = load(writer.finish());
    REQUIRE(back.ok());
    for (Index i = 0; i < m.parameters.size(); ++i)
      CHECK(back->parameters.flat()[i] == doctest::Approx(m.parameters.flat()[i]).epsilon(0.01));
  }
}

TEST_CASE("checkpoint: a parameter missing, extra, misshapen or not finite is named") {
  const auto keep = [](std::string&, Tensor&) { return true; };
  REQUIRE(load(rewritten(keep)).ok());
  CHECK(says(rewritten([](std::string& n, Tensor&) { return n != "blocks.1.attn.W_O"; }),
             "blocks.1.attn.W_O [2, 4, 8] is missing", ErrorCode::mismatch));
  CHECK(says(rewritten([](std::string& n, Tensor&) {
               if (n == "unembed.W_U") n = "unembed.W_V";
               return true;
             }),
             "unembed.W_U", ErrorCode::mismatch));
  CHECK(says(rewritten([](std::string& n, Tensor& t) {
               if (n == "embed.W_E") t.shape = {8, 5};
               return true;
             }),
             "embed.W_E is [8, 5], the config asks for [5, 8]", ErrorCode::mismatch));
  for (const Real bad : {std::numeric_limits<Real>::quiet_NaN(), std::numeric_limits<Real>::infinity()})
    CHECK(says(rewritten([&](std::string& n, Tensor& t) {
                 if (n == "blocks.0.ln1.w") t.data[3] = bad;
                 return true;
               }),
               "\"blocks.0.ln1.w\": element 3 is not finite", ErrorCode::non_finite));
  // One more tensor than the config has.
  ModelConfig fewer = small_config();
  fewer.qkv_bias = false;
  CHECK(says(rewritten(keep, to_json(fewer)), "is no parameter of this config", ErrorCode::mismatch));
}

TEST_CASE("checkpoint: integer weights are refused") {
  const Bytes bytes = save_model(sample());
  io::Writer writer;
  writer.set_metadata("attn.config", to_json(small_config()));
  const Model m = sample();
  for (const ParameterInfo& p : m.parameters.table())
    if (p.name == "blocks.0.ln1.b")
      writer.add_int64(p.name, {8}, std::vector<std::int64_t>(8));
    else
      writer.add(p.name, m.parameters[p.name]);
  CHECK(says(writer.finish(), "blocks.0.ln1.b is I64", ErrorCode::mismatch));
}

TEST_CASE("checkpoint: the config is checked") {
  const auto keep = [](std::string&, Tensor&) { return true; };
  CHECK(says(rewritten(keep, ""), "no \"attn.config\"", ErrorCode::malformed));
  CHECK(says(rewritten(keep, "{"), "JSON", ErrorCode::malformed));
  CHECK(says(rewritten(keep, "{\"vocab\":5,\"wdith\":8}"), "wdith", ErrorCode::unsupported));
  // A config of hundreds of millions of parameters in a small file: refused by the names, before
  // their memory is taken.
  ModelConfig vast = small_config();
  vast.vocab = vast.context = 1 << 19, vast.width = 256;
  const auto r = load(rewritten(keep, to_json(vast)));
  REQUIRE_FALSE(r.ok());
  CHECK(r.error().message.find("embed.W_E") != std::string::npos);
}

TEST_CASE("checkpoint: truncation and mutation give errors or finite models") {
  const Bytes whole = save_model(sample());
  for (std::size_t n = 0; n < whole.size(); n += 7)
    CHECK_FALSE(load(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n))).ok());
  std::mt19937_64 rng(5);
  for (int trial = 0; trial < 300; ++trial) {
    Bytes b = whole;
    b[rng() % b.size()] = static_cast<std::uint8_t>(rng());
    const auto r = load(b);
    if (!r.ok()) continue;
    for (const Real x : r->parameters.flat()) REQUIRE(std::isfinite(x));
  }
}
