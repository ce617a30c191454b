#include "attn/model/int8.hpp"

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "attn/model/checkpoint.hpp"

using namespace attn;

namespace {

Model small_model() {
  Model m;
  m.config.vocab = 7;
  m.config.context = 6;
  m.config.layers = 1;
  m.config.width = 8;
  m.config.heads = 2;
  m.parameters = Parameters(m.config);
  Rng rng(5);
  initialise(m.parameters, m.config, rng);
  return m;
}

// The file with some bytes of its header replaced by as many others.
std::vector<std::uint8_t> patched(std::vector<std::uint8_t> file, const std::string& what,
                                  const std::string& with) {
  REQUIRE(what.size() == with.size());
  const auto at = std::search(file.begin(), file.end(), what.begin(), what.end());
  REQUIRE(at != file.end());
  std::copy(with.begin(), with.end(), at);
  return file;
}

std::string refusal(const std::vector<std::uint8_t>& file) {
  const auto model = load_model(file.data(), file.size());
  return model.ok() ? "" : model.error().message;
}

}  // namespace

TEST_CASE("int8: a row by hand") {
  const std::vector<Real> w = {Real(-2.54), Real(1.27), Real(0.02), Real(0.009), 0, 0, 0, 0};
  const Int8Rows rows = quantize_rows(ConstView(w.data(), Shape{2, 4}));
  CHECK(rows.values == std::vector<std::int8_t>{-127, 64, 1, 0, 0, 0, 0, 0});
  REQUIRE(rows.scales.size() == 2);
  CHECK(rows.scales[0] == doctest::Approx(0.02));
  CHECK(rows.scales[1] == 0);
}

TEST_CASE("int8: a model read back is within half a step of the one written") {
  const Model m = small_model();
  const std::vector<std::uint8_t> file = save_model_int8(m, {{"note", "x"}});
  CHECK(file.size() < save_model(m).size());
  const auto read = load_model(file.data(), file.size());
  REQUIRE(read.ok());
  for (const ParameterInfo& p : m.parameters.table()) {
    const ConstView a = m.parameters[p.name], b = read->parameters[p.name];
    const Index n = p.shape[-1];
    for (Index i = 0; i < a.size(); ++i) {
      if (p.shape.rank() < 2) {
        CHECK(a.data[i] == b.data[i]);
        continue;
      }
      Real top = 0;
      for (Index k = i / n * n; k < (i / n + 1) * n; ++k) top = std::max(top, std::fabs(a.data[k]));
      CHECK(std::fabs(a.data[i] - b.data[i]) <= top / 127 / 2 * Real(1.0001));
    }
  }
}

TEST_CASE("int8: what is stored once in eight bits loses nothing more") {
  const std::vector<std::uint8_t> file = save_model_int8(small_model());
  const auto once = load_model(file.data(), file.size());
  REQUIRE(once.ok());
  const std::vector<std::uint8_t> again = save_model_int8(*once);
  const auto twice = load_model(again.data(), again.size());
  REQUIRE(twice.ok());
  for (Index i = 0; i < once->parameters.size(); ++i)
    CHECK(once->parameters.flat().data[i] == doctest::Approx(twice->parameters.flat().data[i]).epsilon(1e-6));
}

TEST_CASE("int8: scales that are missing, misshapen or out of range") {
  const std::vector<std::uint8_t> file = save_model_int8(small_model());
  CHECK(refusal(file).empty());
  CHECK(
      refusal(patched(file, "embed.W_E.scale", "embed.W_E.skale")).find("is I8 and has no embed.W_E.scale") !=
      std::string::npos);
  CHECK(refusal(patched(file, "embed.W_E\":{\"dtype\":\"I8\"", "embed.W_E\":{\"dtype\":\"U8\"")).find("U8") !=
        std::string::npos);
  // The scales of the embedding are 7 floats; the first bytes of the data section are a scale or a gain.
  for (const float bad : {-1.0f, INFINITY, NAN, 3e38f}) {
    std::vector<std::uint8_t> broken = file;
    const auto parsed = io::SafeTensors::parse(broken.data(), broken.size());
    REQUIRE(parsed.ok());
    const auto at = parsed->find("embed.W_E.scale")->data - broken.data();
    std::memcpy(broken.data() + at, &bad, sizeof bad);
    const std::string message = refusal(broken);
    CHECK_FALSE(message.empty());
    CHECK(message.find("embed.W_E.scale") != std::string::npos);
  }
}
