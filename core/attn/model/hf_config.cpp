#include "attn/model/hf_config.hpp"

#include <algorithm>

#include "attn/io/json.hpp"

namespace attn {
namespace {

using io::Json;

// More parameters than any machine of a reader holds: past it a config is nonsense. What a file really
// holds is checked tensor by tensor before memory is taken.
constexpr double kParameterLimit = 1e11;

Error bad(ErrorCode code, const std::string& what) { return {code, "config.json: " + what}; }
std::string quoted(std::string_view key) { return "\"" + std::string(key) + "\""; }

// Reads the members of an object; the first complaint wins. null counts as absent, as in transformers.
class Fields {
 public:
  Fields(const Json& object, std::optional<Error>& problem) : object_(object), problem_(problem) {}

  const Json* find(std::string_view key) const {
    const Json* j = object_.find(key);
    return j && j->is(Json::Type::null) ? nullptr : j;
  }
  bool is_null(std::string_view key) const {
    const Json* j = object_.find(key);
    return j && j->is(Json::Type::null);
  }
  Index count(std::string_view key, std::optional<Index> absent = std::nullopt, Index low = 1) const {
    const Json* j = find(key);
    if (!j && absent) return *absent;
    if (!j) return complain(ErrorCode::malformed, quoted(key) + " is missing"), 1;
    if (!j->is_integer() || j->number() < static_cast<double>(low) || j->number() > 1e9)
      return complain(ErrorCode::out_of_range,
                      quoted(key) + " must be a whole number from " + std::to_string(low) + " to 1e9"),
             1;
    return static_cast<Index>(j->number());
  }
  Real number(std::string_view key, std::optional<Real> absent = std::nullopt) const {
    const Json* j = find(key);
    if (!j && absent) return *absent;
    const bool positive = j && j->is(Json::Type::number) && j->number() > 0 && j->number() < 1e30;
    if (!positive) return complain(ErrorCode::out_of_range, quoted(key) + " must be a number above 0"), 1;
    return static_cast<Real>(j->number());
  }
  bool flag(std::string_view key, bool absent) const {
    const Json* j = find(key);
    if (!j) return absent;
    if (!j->is(Json::Type::boolean)) complain(ErrorCode::malformed, quoted(key) + " must be true or false");
    return j->boolean();
  }
  std::string text(std::string_view key, const char* absent) const {
    const Json* j = find(key);
    if (!j) return absent;
    if (!j->is(Json::Type::string)) complain(ErrorCode::malformed, quoted(key) + " must be a string");
    return j->string();
  }
  // A nested object, or null.
  const Json* object(std::string_view key) const {
    const Json* j = find(key);
    if (j && !j->is(Json::Type::object)) complain(ErrorCode::malformed, quoted(key) + " must be an object");
    return j;
  }
  void refuse(std::string_view key, const std::string& why) const {
    complain(ErrorCode::unsupported, quoted(key) + " " + why);
  }
  void complain(ErrorCode code, const std::string& what) const {
    if (!problem_) problem_ = bad(code, what);
  }

 private:
  const Json& object_;
  std::optional<Error>& problem_;
};

void read_activation(const Fields& f, const char* key, const char* absent, MlpKind& mlp) {
  const std::string name = f.text(key, absent);
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast")
    mlp = MlpKind::gelu;  // gelu_fast spells the same formula another way
  else if (name == "gelu" || name == "gelu_python")
    mlp = MlpKind::gelu_exact;
  else if (name == "relu")
    mlp = MlpKind::relu;
  else
    f.refuse(key,
             "= \"" + name + "\" is not supported; supported are gelu, gelu_new, gelu_pytorch_tanh, relu");
}

void refuse_flag(const Fields& f, const char* key) {
  if (f.flag(key, false)) f.refuse(key, "= true is not supported");
}

void read_gpt2(const Fields& f, ModelConfig& m) {
  m.vocab = f.count("vocab_size", 50257);
  m.context = f.count("n_positions", f.count("n_ctx", 1024));
  m.width = f.count("n_embd");
  m.layers = f.count("n_layer");
  m.heads = f.count("n_head");
  m.mlp_width = f.count("n_inner", 4 * m.width);
  read_activation(f, "activation_function", "gelu_new", m.mlp);
  m.norm_kind = NormKind::layer_norm;
  m.norm_epsilon = f.number("layer_norm_epsilon", Real(1e-5));
  m.position = PositionKind::learned;
  m.qkv_bias = m.out_bias = m.mlp_bias = true;
  m.tied = f.flag("tie_word_embeddings", true);
  if (!f.flag("scale_attn_weights", true)) m.scale = 1;
  refuse_flag(f, "scale_attn_by_inverse_layer_idx");
  refuse_flag(f, "add_cross_attention");
}

void read_bert(const Fields& f, ModelConfig& m) {
  m.kind = Kind::encoder;
  m.vocab = f.count("vocab_size", 30522);
  m.context = f.count("max_position_embeddings", 512);
  m.token_types = f.count("type_vocab_size", 2);
  m.width = f.count("hidden_size");
  m.layers = f.count("num_hidden_layers");
  m.heads = f.count("num_attention_heads");
  m.mlp_width = f.count("intermediate_size");
  read_activation(f, "hidden_act", "gelu", m.mlp);
  m.norm = NormPlacement::post;
  m.norm_kind = NormKind::layer_norm;
  m.norm_epsilon = f.number("layer_norm_eps", Real(1e-12));
  m.embed_norm = true;
  m.position = PositionKind::learned;
  m.qkv_bias = m.out_bias = m.mlp_bias = true;
  m.unembed = false;  // the result is the last hidden state; a masked-language head is not read
  const std::string position = f.text("position_embedding_type", "absolute");
  if (position != "absolute")
    f.refuse("position_embedding_type", "= \"" + position + "\" is not supported; supported is absolute");
  refuse_flag(f, "is_decoder");
  refuse_flag(f, "add_cross_attention");
}

// rope_theta and rope_scaling, or both together in rope_parameters (transformers 5).
void read_rope(const Fields& f, std::optional<Error>& problem, ModelConfig& m) {
  m.position = PositionKind::rope;
  m.rope_layout = RopeLayout::half;
  m.rope_base = f.number("rope_theta", Real(10000));
  if (f.number("partial_rotary_factor", Real(1)) != 1) f.refuse("partial_rotary_factor", "must be 1");
  const char* key = f.find("rope_parameters") ? "rope_parameters" : "rope_scaling";
  const Json* object = f.object(key);
  if (!object || problem) return;
  const Fields s(*object, problem);
  m.rope_base = s.number("rope_theta", m.rope_base);
  if (s.number("partial_rotary_factor", Real(1)) != 1) s.refuse("partial_rotary_factor", "must be 1");
  const std::string type = s.text(s.find("rope_type") ? "rope_type" : "type", "default");
  // "dynamic" changes the base only beyond max_position_embeddings, where we do not go.
  if (type == "default" || type == "dynamic") return;
  if (type != "linear" && type != "llama3")
    return f.refuse(
        key, "of type \"" + type + "\" is not supported; supported are default, linear, dynamic and llama3");
  m.rope_scaling = s.number("factor");
  if (type == "linear") return;
  m.rope_low_turns = s.number("low_freq_factor");
  m.rope_high_turns = s.number("high_freq_factor");
  m.rope_original_context = s.count("original_max_position_embeddings");
}

// Which layers slide: "layer_types", or all (Mistral), or those from max_window_layers on (Qwen).
void read_window_layers(const Fields& f, ModelConfig& m, Index first) {
  if (const Json* types = f.find("layer_types")) {
    for (const Json& type : types->items()) {
      const bool slides = type.string() == "sliding_attention";
      if (!slides && type.string() != "full_attention")
        return f.refuse("layer_types", "may hold full_attention and sliding_attention only");
      m.window_layers.push_back(slides);
    }
    if (static_cast<Index>(m.window_layers.size()) != m.layers)
      f.complain(ErrorCode::mismatch, "\"layer_types\" must list one type for each of the " +
                                          std::to_string(m.layers) + " layers");
  } else if (first > 0) {
    for (Index l = 0; l < m.layers && l < 512; ++l) m.window_layers.push_back(l >= first);
  }
  if (std::count(m.window_layers.begin(), m.window_layers.end(), 1) == 0 && !m.window_layers.empty())
    m.window = 0, m.window_layers.clear();
}

void read_window(const Fields& f, const std::string& type, ModelConfig& m) {
  const bool qwen = type == "qwen2" || type == "qwen3";
  if (type == "llama" || (qwen && !f.flag("use_sliding_window", false)) || f.is_null("sliding_window"))
    return;
  const Index keys = f.count("sliding_window", 4096);  // w keys, the query's own among them
  if (keys < 2) return f.refuse("sliding_window", "= 1 leaves a token only itself; it must be at least 2");
  m.window = keys - 1;
  read_window_layers(f, m, qwen ? f.count("max_window_layers", 28, 0) : 0);
}

void read_llama(const Fields& f, const std::string& type, std::optional<Error>& problem, HfConfig& c) {
  ModelConfig& m = c.model;
  m.vocab = f.count("vocab_size", type == "llama" || type == "mistral" ? 32000 : 151936);
  m.context = f.count("max_position_embeddings", type == "llama" ? 2048 : 32768);
  m.width = f.count("hidden_size");
  m.layers = f.count("num_hidden_layers");
  m.heads = f.count("num_attention_heads");
  m.kv_heads = f.count("num_key_value_heads", m.heads);
  c.head_width_given = f.find("head_dim") != nullptr;
  if (c.head_width_given) m.head_width = f.count("head_dim");
  m.mlp_width = f.count("intermediate_size");
  m.mlp = MlpKind::swiglu;
  const std::string act = f.text("hidden_act", "silu");
  if (act != "silu" && act != "swish")
    f.refuse("hidden_act", "= \"" + act + "\" is not supported; this family is computed with silu");
  m.norm_kind = NormKind::rms_norm;
  m.norm_epsilon = f.number("rms_norm_eps", Real(1e-6));
  m.tied = f.flag("tie_word_embeddings", false);
  // Qwen2 has the bias whatever its config says; Mistral never; LLaMA and Qwen3 by this flag, the output too.
  const bool bias = (type == "llama" || type == "qwen3") && f.flag("attention_bias", false);
  m.qkv_bias = type == "qwen2" || bias;
  m.out_bias = bias;
  m.mlp_bias = type == "llama" && f.flag("mlp_bias", false);
  m.qk_norm = type == "qwen3";
  read_rope(f, problem, m);
  read_window(f, type, m);
}

struct Known {
  const char* type;
  const char* architecture;
  HfFamily family;
};
constexpr Known kKnown[] = {{"gpt2", "GPT2", HfFamily::gpt2},        {"llama", "Llama", HfFamily::llama},
                            {"mistral", "Mistral", HfFamily::llama}, {"qwen2", "Qwen2", HfFamily::llama},
                            {"qwen3", "Qwen3", HfFamily::llama},     {"bert", "Bert", HfFamily::bert}};

bool ends_with(std::string_view text, std::string_view tail) {
  return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

// The class of the saved model: "LlamaForCausalLM", "GPT2LMHeadModel", "BertModel"; empty: not said.
std::string architecture_of(const Json& json) {
  const Json* list = json.find("architectures");
  return list && !list->items().empty() ? list->items()[0].string() : "";
}

const Known* family_of(const Fields& f, const std::string& architecture) {
  const std::string type = f.text("model_type", "");
  for (const Known& k : kKnown) {
    const std::string name(k.architecture);
    if (type.empty() ? architecture.rfind(name + "For", 0) == 0 ||
                           architecture.rfind(name + "Model", 0) == 0 || architecture == name + "LMHeadModel"
                     : type == k.type)
      return &k;
  }
  f.complain(ErrorCode::unsupported,
             (type.empty() ? "the architecture " + quoted(architecture) : "model_type " + quoted(type)) +
                 " is not known; known are gpt2, llama, mistral, qwen2, qwen3, bert");
  return nullptr;
}

}  // namespace

Result<HfConfig> hf_config(std::string_view json) {
  const auto parsed = Json::parse(json);
  if (!parsed) return bad(parsed.error().code, parsed.error().message);
  if (!parsed->is(Json::Type::object)) return bad(ErrorCode::malformed, "a JSON object is expected");
  std::optional<Error> problem;
  const Fields f(*parsed, problem);
  HfConfig c;
  const std::string architecture = architecture_of(*parsed);
  const Known* known = family_of(f, architecture);
  if (f.find("quantization_config"))
    f.refuse("quantization_config", "is not supported: the weights must be F32, F16 or BF16");
  if (problem) return *problem;
  c.family = known->family;
  c.model_type = known->type;
  if (c.family == HfFamily::gpt2) read_gpt2(f, c.model);
  if (c.family == HfFamily::bert) read_bert(f, c.model);
  if (c.family == HfFamily::llama) read_llama(f, c.model_type, problem, c);
  if (problem) return *problem;
  if (c.family == HfFamily::bert)
    c.predicts = false;
  else if (!architecture.empty())
    c.predicts = ends_with(architecture, "LMHeadModel") || ends_with(architecture, "ForCausalLM");
  ModelConfig checked = c.model;
  if (!c.head_width_given) checked.head_width = std::max<Index>(2, c.model.width / c.model.heads / 2 * 2);
  if (const Status status = validate(checked, kParameterLimit); !status)
    return bad(status.error().code, "it asks for a model that cannot be: " + status.error().message);
  return c;
}

Result<std::vector<std::string>> hf_shards(std::string_view json) {
  const auto fault = [](const std::string& what) {
    return Error{ErrorCode::malformed, "model.safetensors.index.json: " + what};
  };
  const auto parsed = Json::parse(json);
  if (!parsed) return fault(parsed.error().message);
  const Json* map = parsed->find("weight_map");
  if (!map || !map->is(Json::Type::object) || map->members().empty())
    return fault("\"weight_map\" must be an object that names a file for each tensor");
  std::vector<std::string> names;
  for (const auto& member : map->members()) {
    const std::string& name = member.second.string();
    // A file beside the index, never a path to elsewhere.
    if (!member.second.is(Json::Type::string) || !ends_with(name, ".safetensors") ||
        name.find_first_of("/\\") != std::string::npos)
      return fault("tensor " + Json::of(member.first).dump() +
                   " must be in a file NAME.safetensors beside it");
    names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace attn
