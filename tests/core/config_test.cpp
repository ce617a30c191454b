#include "attn/model/config.hpp"

#include <doctest.h>

#include <functional>
#include <limits>
#include <vector>

using namespace attn;

namespace {

ModelConfig good() {
  ModelConfig c;
  c.vocab = 32, c.context = 48, c.layers = 2, c.width = 64, c.heads = 4;
  return c;
}

std::string problem(const std::function<void(ModelConfig&)>& change) {
  ModelConfig c = good();
  change(c);
  const Status status = validate(c);
  return status.ok() ? "" : status.error().message;
}

std::string problem_in(const std::string& json) {
  const auto result = model_config_from_json(json);
  return result.ok() ? "" : result.error().message;
}

}  // namespace

TEST_CASE("config: complaints say what is wrong and what would do") {
  CHECK(problem([](ModelConfig&) {}) == "");
  CHECK(problem([](ModelConfig& c) { c.heads = 5; }) ==
        "model config: heads = 5 does not divide width = 64; set head_width");
  CHECK(problem([](ModelConfig& c) { c.heads = 5, c.head_width = 16; }) == "");
  CHECK(problem([](ModelConfig& c) { c.kv_heads = 3; }) ==
        "model config: kv_heads = 3 does not divide heads = 4");
  CHECK(problem([](ModelConfig& c) { c.vocab = 0; }) ==
        "model config: vocab = 0; it must lie between 1 and 1048576");
  CHECK(problem([](ModelConfig& c) { c.layers = -1; }) ==
        "model config: layers = -1; it must lie between 0 and 512");
  CHECK(problem([](ModelConfig& c) { c.position = PositionKind::rope, c.rope_width = 5; }) ==
        "model config: rotary positions turn pairs of coordinates: rope_width = 5 must be even and at most "
        "the head "
        "width 16");
  CHECK(problem([](ModelConfig& c) { c.position = PositionKind::t5, c.t5_max_distance = 16; }) ==
        "model config: t5_max_distance = 16 must exceed the 16 exact buckets");
  CHECK(problem([](ModelConfig& c) { c.norm_epsilon = 0; }) ==
        "model config: norm_epsilon must be a finite number above 0");
  CHECK(problem([](ModelConfig& c) { c.scale = std::numeric_limits<Real>::quiet_NaN(); }) ==
        "model config: scale must be a finite number of at least 0");
  CHECK(problem([](ModelConfig& c) { c.width = 1 << 20, c.heads = 1; }) != "");  // no overflow on the way
  CHECK(problem([](ModelConfig& c) {
          c.position = PositionKind::t5, c.width = c.heads = c.t5_buckets = c.t5_max_distance = 1 << 20;
          c.layers = 0;
        }) != "");  // T5's table counts too
  CHECK(problem([](ModelConfig& c) { c.tied = true, c.unembed = false; }) != "");
  CHECK(problem([](ModelConfig& c) { c.window_layers = {1}; }) ==
        "model config: window_layers lists 1 flags for 2 layers");
  ModelConfig large = good();
  large.vocab = 600000, large.width = 1024;
  CHECK(validate(large).error().message ==
        "model config: about 1237 million parameters; the limit is 500 million");
  large.tied = true, large.layers = 0;
  CHECK(validate(large, 7e8).ok());
}

TEST_CASE("config: JSON round trip keeps every field") {
  ModelConfig c = good();
  c.kind = Kind::encoder;
  c.norm = NormPlacement::post, c.norm_kind = NormKind::layer_norm, c.norm_gain = false;
  c.norm_epsilon = Real(1e-6), c.mlp = MlpKind::swiglu, c.mlp_width = 100;
  c.position = PositionKind::rope, c.rope_layout = RopeLayout::interleaved, c.rope_width = 8;
  c.rope_base = Real(500000), c.rope_scaling = Real(0.1);
  c.shared_qk = c.shared_kv = c.smeared_keys = c.qk_norm = c.tied = c.identical_heads = true;
  c.rope_original_context = 20, c.rope_low_turns = 1, c.rope_high_turns = 4, c.window_layers = {0, 1};
  c.rope_ramp = RotaryRamp::pairs, c.rope_magnitude = Real(1.5), c.rope_kept_pairs = 3;
  c.window = 7, c.softcap = 50, c.init_std = Real(0.02);
  const std::string json = to_json(c);
  const auto back = model_config_from_json(json);
  REQUIRE(back.ok());
  CHECK(to_json(*back) == json);
  CHECK((back->kind == Kind::encoder && back->norm_epsilon == Real(1e-6) && back->rope_scaling == Real(0.1)));
  CHECK((back->window_layers == std::vector<std::uint8_t>{0, 1} && back->rope_original_context == 20));
  CHECK((back->rope_ramp == RotaryRamp::pairs && back->rope_kept_pairs == 3));
  CHECK((!back->windowed(0) && back->windowed(1)));
  CHECK((back->init_std == Real(0.02) && back->tied && back->window == 7 && back->rope_width == 8));
  CHECK(json.find("0.1") != std::string::npos);            // numbers as people write them,
  CHECK(json.find("0.10000000149") == std::string::npos);  // not as a float is stored
}

TEST_CASE("config: JSON errors name the key") {
  const std::string base = R"("vocab":8,"context":8,"layers":1,"width":8,"heads":2)";
  CHECK(problem_in("{" + base + "}") == "");
  CHECK(problem_in("{" + base + R"(,"dropout":0.1})") == "model config: unknown key \"dropout\"");
  CHECK(problem_in("{" + base + R"(,"tied":1})") == "model config: \"tied\" must be true or false");
  CHECK(problem_in("{" + base + R"(,"window":1.5})") ==
        "model config: \"window\" must be a whole number up to 1e9");
  CHECK(problem_in("{" + base + R"(,"softcap":"no"})") == "model config: \"softcap\" must be a number");
  CHECK(problem_in("{" + base + R"(,"norm":"sandwich"})") ==
        "model config: \"norm\" must be one of \"none\", \"pre\", \"post\"");
  CHECK(problem_in("[]") == "model config: a JSON object is expected");
  CHECK(problem_in("{") != "");
  CHECK(problem_in("{}") == "model config: vocab = 0; it must lie between 1 and 1048576");
}
