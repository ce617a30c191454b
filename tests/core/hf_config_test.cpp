#include "attn/model/hf_config.hpp"

#include <doctest.h>

using namespace attn;

namespace {

const std::string llama =
    R"("model_type":"llama","hidden_size":8,"num_hidden_layers":2,"num_attention_heads":2,"intermediate_size":12)";

// "": accepted.
std::string problem(const std::string& members) {
  const auto config = hf_config("{" + members + "}");
  return config.ok() ? "" : config.error().message;
}

ModelConfig model(const std::string& members) {
  const auto config = hf_config("{" + members + "}");
  REQUIRE_MESSAGE(config.ok(), problem(members));
  return config->model;
}

std::string with(const std::string& type, const std::string& more) {
  std::string text = llama + more;
  text.replace(text.find("llama"), 5, type);
  return text;
}

bool contains(const std::string& text, const std::string& part) {
  if (text.find(part) == std::string::npos) MESSAGE("\"" << text << "\" does not say \"" << part << "\"");
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("hf config: absent fields take the defaults of transformers") {
  const ModelConfig c = model(llama);
  CHECK((c.vocab == 32000 && c.context == 2048 && c.resolved_kv_heads() == 2 && c.rope_base == 10000));
  CHECK((c.norm_epsilon == Real(1e-6) && c.mlp == MlpKind::swiglu && !c.tied && !c.qkv_bias && !c.window));
  const ModelConfig g = model(R"("model_type":"gpt2","n_embd":8,"n_layer":1,"n_head":2)");
  CHECK((g.vocab == 50257 && g.context == 1024 && g.mlp_width == 32 && g.tied && g.mlp == MlpKind::gelu));
  const ModelConfig b = model(
      R"("model_type":"bert","hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"intermediate_size":9)");
  CHECK((b.kind == Kind::encoder && b.token_types == 2 && b.norm == NormPlacement::post && !b.unembed));
}

TEST_CASE("hf config: sliding windows by family") {
  CHECK(model(with("llama", R"(,"sliding_window":4)")).window == 0);  // no field of LLaMA's
  CHECK(model(with("mistral", "")).window == 4095);
  CHECK(model(with("mistral", R"(,"sliding_window":null)")).window == 0);
  CHECK(model(with("mistral", R"(,"sliding_window":7)")).windowed(0));
  CHECK(model(with("qwen2", R"(,"sliding_window":4)")).window == 0);
  const std::string slides = R"(,"use_sliding_window":true,"sliding_window":4)";
  CHECK(model(with("qwen2", slides)).window == 0);  // max_window_layers = 28: no layer slides
  CHECK(model(with("qwen2", slides + R"(,"max_window_layers":0)")).windowed(0));
  const ModelConfig c =
      model(with("qwen3", slides + R"(,"layer_types":["sliding_attention","full_attention"])"));
  CHECK((c.windowed(0) && !c.windowed(1)));
  CHECK(contains(problem(with("mistral", R"(,"sliding_window":1)")), "\"sliding_window\" = 1"));
  CHECK(contains(problem(with("qwen3", slides + R"(,"layer_types":["full_attention"])")),
                 "each of the 2 layers"));
  CHECK(
      contains(problem(with("qwen3", slides + R"(,"layer_types":["linear_attention"])")), "\"layer_types\""));
}

TEST_CASE("hf config: rotary scaling, old and new spelling") {
  const ModelConfig c =
      model(with("qwen3", R"(,"rope_parameters":{"rope_type":"linear","factor":4,"rope_theta":5})"));
  CHECK((c.rope_base == 5 && c.rope_scaling == 4 && c.rope_original_context == 0));
  CHECK(model(with("llama", R"(,"rope_scaling":{"type":"dynamic","factor":2})")).rope_scaling == 1);
  CHECK(contains(problem(with("llama", R"(,"rope_scaling":{"rope_type":"yarn","factor":2})")), "\"yarn\""));
  CHECK(contains(problem(with("llama", R"(,"rope_scaling":{"rope_type":"llama3","factor":2})")),
                 "\"low_freq_factor\""));
  CHECK(contains(problem(with("llama", R"(,"partial_rotary_factor":0.5)")), "\"partial_rotary_factor\""));
}

TEST_CASE("hf config: refusals name the field") {
  CHECK(contains(problem(R"("model_type":"t5")"), "model_type \"t5\" is not known; known are gpt2"));
  CHECK(contains(problem(R"("architectures":["OPTForCausalLM"])"), "\"OPTForCausalLM\""));
  CHECK(contains(problem(R"("model_type":"qwen2_moe")"), "qwen2_moe"));
  CHECK(contains(problem(with("llama", R"(,"hidden_act":"gelu")")), "\"hidden_act\" = \"gelu\""));
  CHECK(contains(problem(with("llama", R"(,"quantization_config":{})")), "\"quantization_config\""));
  CHECK(contains(problem(with("llama", R"(,"num_key_value_heads":3)")), "kv_heads = 3"));
  CHECK(contains(problem(with("llama", R"(,"vocab_size":-5)")), "\"vocab_size\""));
  CHECK(contains(problem(with("llama", R"(,"vocab_size":1e300)")), "\"vocab_size\""));
  CHECK(contains(problem(with("llama", R"(,"vocab_size":999999999)")), "vocab = 999999999"));
  CHECK(contains(problem(with("llama", R"(,"rms_norm_eps":0)")), "\"rms_norm_eps\""));
  CHECK(contains(problem(R"("model_type":"llama")"), "\"hidden_size\" is missing"));
  CHECK(contains(
      problem(R"("model_type":"gpt2","n_embd":8,"n_layer":1,"n_head":2,"activation_function":"mish")"),
      "\"activation_function\" = \"mish\""));
  CHECK(contains(problem(R"("model_type":"gpt2","n_embd":8,"n_layer":1,"n_head":3)"), "heads = 3"));
  CHECK(contains(hf_config("[]").error().message, "config.json: a JSON object"));
  CHECK(contains(hf_config("{").error().message, "config.json: JSON, line 1"));
}

TEST_CASE(
    "hf config: architectures say whether tokens are predicted, and name the family where nothing else "
    "does") {
  CHECK(hf_config("{" + llama + R"(,"architectures":["LlamaForCausalLM"]})")->predicts == true);
  CHECK(hf_config("{" + llama + R"(,"architectures":["LlamaModel"]})")->predicts == false);
  CHECK(!hf_config("{" + llama + "}")->predicts.has_value());
  std::string untyped = llama;
  untyped.replace(untyped.find("\"model_type\":\"llama\""), 20, "\"architectures\":[\"Qwen2ForCausalLM\"]");
  CHECK(hf_config("{" + untyped + "}")->model.qkv_bias);
}

TEST_CASE("hf index: names of files beside it, nothing else") {
  const auto names =
      hf_shards(R"({"weight_map":{"a":"m-2.safetensors","b":"m-1.safetensors","c":"m-2.safetensors"}})");
  CHECK(*names == std::vector<std::string>{"m-1.safetensors", "m-2.safetensors"});
  for (const char* bad : {"{}", "[]", R"({"weight_map":{}})", R"({"weight_map":{"a":1}})",
                          R"({"weight_map":{"a":"../m.safetensors"}})", R"({"weight_map":{"a":"m.bin"}})"})
    CHECK(!hf_shards(bad).ok());
}
