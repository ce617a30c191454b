#include "attn/model/config.hpp"

#include <cmath>
#include <string_view>

#include "attn/io/decimal.hpp"
#include "attn/io/json.hpp"

namespace attn {
namespace {

using io::Json;

// The spelling of every enum value in JSON, in the order of declaration.
constexpr const char* kKinds[] = {"decoder", "encoder"};
constexpr const char* kPlacements[] = {"none", "pre", "post"};
constexpr const char* kNorms[] = {"layer_norm", "rms_norm"};
constexpr const char* kMlps[] = {"none", "gelu", "gelu_exact", "relu", "swiglu"};
constexpr const char* kPositions[] = {"none", "learned", "sinusoidal", "rope", "alibi", "t5"};
constexpr const char* kNulls[] = {"none", "zero", "learned"};
constexpr const char* kLayouts[] = {"half", "interleaved"};
constexpr const char* kRamps[] = {"turns", "pairs"};

// Every field once, for writing and for reading. C is ModelConfig or const ModelConfig.
template <class C, class F>
void visit_fields(C& c, F&& f) {
  f.choice("kind", c.kind, kKinds);
  f.number("vocab", c.vocab), f.number("context", c.context), f.number("layers", c.layers);
  f.number("width", c.width), f.number("heads", c.heads), f.number("kv_heads", c.kv_heads);
  f.number("head_width", c.head_width), f.number("mlp_width", c.mlp_width);
  f.choice("mlp", c.mlp, kMlps);
  f.choice("norm", c.norm, kPlacements), f.choice("norm_kind", c.norm_kind, kNorms);
  f.flag("norm_gain", c.norm_gain), f.number("norm_epsilon", c.norm_epsilon);
  f.flag("final_norm", c.final_norm), f.flag("embed_norm", c.embed_norm);
  f.choice("position", c.position, kPositions);
  f.number("rope_base", c.rope_base), f.number("rope_width", c.rope_width);
  f.choice("rope_layout", c.rope_layout, kLayouts), f.number("rope_scaling", c.rope_scaling);
  f.number("rope_original_context", c.rope_original_context);
  f.number("rope_low_turns", c.rope_low_turns), f.number("rope_high_turns", c.rope_high_turns);
  f.choice("rope_ramp", c.rope_ramp, kRamps), f.number("rope_magnitude", c.rope_magnitude);
  f.number("rope_kept_pairs", c.rope_kept_pairs);
  f.number("t5_buckets", c.t5_buckets), f.number("t5_max_distance", c.t5_max_distance);
  f.number("token_types", c.token_types);
  f.flag("qkv_bias", c.qkv_bias), f.flag("out_bias", c.out_bias), f.flag("mlp_bias", c.mlp_bias);
  f.flag("unembed_bias", c.unembed_bias), f.flag("qk_norm", c.qk_norm),
      f.flag("smeared_keys", c.smeared_keys);
  f.flag("shared_qk", c.shared_qk), f.flag("shared_kv", c.shared_kv);
  f.choice("null_score", c.null_score, kNulls), f.flag("token_gates", c.token_gates);
  f.flag("unembed", c.unembed), f.flag("tied", c.tied);
  f.number("scale", c.scale), f.number("softcap", c.softcap), f.number("window", c.window);
  f.flags("window_layers", c.window_layers);
  f.number("init_std", c.init_std), f.number("position_std", c.position_std);
  f.flag("identical_heads", c.identical_heads);
  f.number("head_noise", c.head_noise);
}

struct JsonWriter {
  Json out = Json::object();
  void flag(const char* name, bool v) { out.set(name, Json::of(v)); }
  void flags(const char* name, const std::vector<std::uint8_t>& v) {
    Json list = Json::array();
    for (std::uint8_t flag : v) list.push(Json::of(flag != 0));
    out.set(name, std::move(list));
  }
  void number(const char* name, Index v) { out.set(name, Json::of(static_cast<double>(v))); }
  void number(const char* name, Real v) { out.set(name, Json::of(io::shortest(v))); }
  template <class E, std::size_t N>
  void choice(const char* name, E v, const char* const (&names)[N]) {
    out.set(name, Json::of(std::string(names[static_cast<std::size_t>(v)])));
  }
};

// Absent keys keep their defaults; the first complaint wins.
struct JsonReader {
  const Json& in;
  std::string problem;
  std::size_t used = 0;

  const Json* take(const char* name) {
    const Json* v = in.find(name);
    if (v) ++used;
    return v;
  }
  void complain(const char* name, const std::string& wanted) {
    if (problem.empty()) problem = std::string("model config: \"") + name + "\" must be " + wanted;
  }
  void flag(const char* name, bool& v) {
    if (const Json* j = take(name))
      j->is(Json::Type::boolean) ? void(v = j->boolean()) : complain(name, "true or false");
  }
  void flags(const char* name, std::vector<std::uint8_t>& v) {
    const Json* j = take(name);
    if (!j) return;
    v.clear();
    for (const Json& item : j->items()) {
      if (!item.is(Json::Type::boolean)) break;
      v.push_back(item.boolean());
    }
    if (!j->is(Json::Type::array) || v.size() != j->items().size())
      complain(name, "a list of true and false");
  }
  void number(const char* name, Index& v) {
    const Json* j = take(name);
    if (!j) return;
    if (!j->is_integer() || std::fabs(j->number()) > 1e9) return complain(name, "a whole number up to 1e9");
    v = static_cast<Index>(j->number());
  }
  void number(const char* name, Real& v) {
    if (const Json* j = take(name))
      j->is(Json::Type::number) ? void(v = static_cast<Real>(j->number())) : complain(name, "a number");
  }
  template <class E, std::size_t N>
  void choice(const char* name, E& v, const char* const (&names)[N]) {
    const Json* j = take(name);
    if (!j) return;
    std::string known;
    for (std::size_t i = 0; i < N; ++i) {
      if (j->is(Json::Type::string) && j->string() == names[i]) return void(v = static_cast<E>(i));
      known += (i ? ", \"" : "\"") + std::string(names[i]) + "\"";
    }
    complain(name, "one of " + known);
  }
};

struct NameCollector {
  std::string_view name;
  bool found = false;
  void check(const char* known) { found = found || name == known; }
  void flag(const char* n, bool) { check(n); }
  void flags(const char* n, const std::vector<std::uint8_t>&) { check(n); }
  void number(const char* n, Index) { check(n); }
  void number(const char* n, Real) { check(n); }
  template <class E, std::size_t N>
  void choice(const char* n, E, const char* const (&)[N]) {
    check(n);
  }
};

Error bad(ErrorCode code, std::string message) { return Error{code, "model config: " + std::move(message)}; }

std::string is(const char* name, Index value) { return std::string(name) + " = " + std::to_string(value); }

// Extents that no model of ours needs; keeps every product far from overflow.
constexpr Index kMaxExtent = 1 << 20;
constexpr Index kMaxLayers = 512;

Status check_extents(const ModelConfig& c) {
  const struct {
    const char* name;
    Index value, low, high;
  } limits[] = {{"vocab", c.vocab, 1, kMaxExtent},
                {"context", c.context, 1, kMaxExtent},
                {"layers", c.layers, 0, kMaxLayers},
                {"width", c.width, 1, kMaxExtent},
                {"heads", c.heads, 1, kMaxExtent},
                {"kv_heads", c.kv_heads, 0, kMaxExtent},
                {"head_width", c.head_width, 0, kMaxExtent},
                {"mlp_width", c.mlp_width, 0, kMaxExtent},
                {"rope_width", c.rope_width, 0, kMaxExtent},
                {"rope_original_context", c.rope_original_context, 0, 1000000000},
                {"rope_kept_pairs", c.rope_kept_pairs, 0, kMaxExtent},
                {"token_types", c.token_types, 0, kMaxExtent},
                {"window", c.window, 0, 1000000000},
                {"t5_buckets", c.t5_buckets, 4, kMaxExtent},
                {"t5_max_distance", c.t5_max_distance, 1, kMaxExtent}};
  for (const auto& l : limits)
    if (l.value < l.low || l.value > l.high)
      return bad(ErrorCode::out_of_range, is(l.name, l.value) + "; it must lie between " +
                                              std::to_string(l.low) + " and " + std::to_string(l.high));
  if (!c.window_layers.empty() && static_cast<Index>(c.window_layers.size()) != c.layers)
    return bad(ErrorCode::mismatch, "window_layers lists " + std::to_string(c.window_layers.size()) +
                                        " flags for " + std::to_string(c.layers) + " layers");
  return Unit{};
}

Status check_numbers(const ModelConfig& c) {
  const struct {
    const char* name;
    Real value;
    bool positive;
  } numbers[] = {{"norm_epsilon", c.norm_epsilon, true},
                 {"rope_base", c.rope_base, true},
                 {"rope_scaling", c.rope_scaling, true},
                 {"rope_magnitude", c.rope_magnitude, true},
                 {"scale", c.scale, false},
                 {"softcap", c.softcap, false},
                 {"init_std", c.init_std, false},
                 {"head_noise", c.head_noise, false},
                 {"position_std", c.position_std, false},
                 {"rope_low_turns", c.rope_low_turns, false},
                 {"rope_high_turns", c.rope_high_turns, false}};
  for (const auto& n : numbers)
    if (!std::isfinite(n.value) || n.value < 0 || (n.positive && n.value == 0))
      return bad(ErrorCode::out_of_range, std::string(n.name) + " must be a finite number " +
                                              (n.positive ? "above 0" : "of at least 0"));
  return Unit{};
}

Status check_heads(const ModelConfig& c) {
  if (!c.head_width && c.width % c.heads)
    return bad(ErrorCode::mismatch,
               is("heads", c.heads) + " does not divide " + is("width", c.width) + "; set head_width");
  if (c.heads % c.resolved_kv_heads())
    return bad(ErrorCode::mismatch, is("kv_heads", c.kv_heads) + " does not divide " + is("heads", c.heads));
  if (c.shared_qk && c.resolved_kv_heads() != c.heads)
    return bad(ErrorCode::mismatch, "shared_qk = true needs as many key heads as query heads: " +
                                        is("kv_heads", c.kv_heads) + ", " + is("heads", c.heads));
  if (c.position == PositionKind::rope) {
    const Index r = c.resolved_rope_width(), d = c.resolved_head_width();
    if (r % 2 || r > d)
      return bad(ErrorCode::mismatch, "rotary positions turn pairs of coordinates: " + is("rope_width", r) +
                                          " must be even and at most the head width " + std::to_string(d));
    if (c.rope_original_context && !(c.rope_high_turns > c.rope_low_turns))
      return bad(ErrorCode::mismatch, "rope_high_turns must exceed rope_low_turns");
  }
  const Index exact = c.kind == Kind::encoder ? c.t5_buckets / 4 : c.t5_buckets / 2;
  if (c.position == PositionKind::t5 && c.t5_max_distance <= exact)
    return bad(ErrorCode::mismatch, is("t5_max_distance", c.t5_max_distance) + " must exceed the " +
                                        std::to_string(exact) + " exact buckets");
  if (c.tied && !c.unembed) return bad(ErrorCode::mismatch, "tied = true needs unembed = true");
  return Unit{};
}

Status check_size(const ModelConfig& c, double limit) {
  const double total = approximate_parameters(c);
  if (total <= limit) return Unit{};
  const auto millions = [](double n) { return std::to_string(static_cast<long long>(n / 1e6)); };
  return bad(ErrorCode::too_large, "about " + millions(total) + " million parameters; the limit is " +
                                       millions(limit) + " million");
}

}  // namespace

double approximate_parameters(const ModelConfig& c) {
  const double width = static_cast<double>(c.width), d = static_cast<double>(c.resolved_head_width());
  const double attention = 2 * width * d * static_cast<double>(c.heads + c.resolved_kv_heads());
  const double matrices = !c.has_mlp() ? 0 : c.mlp == MlpKind::swiglu ? 3 : 2;
  const double mlp = matrices * width * static_cast<double>(c.resolved_mlp_width());
  const Index tables = c.vocab * (c.unembed && !c.tied ? 2 : 1) +
                       (c.position == PositionKind::learned ? c.context : 0) + c.token_types;
  const double buckets = c.position == PositionKind::t5 ? static_cast<double>(c.t5_buckets) : 0;
  return static_cast<double>(c.layers) * (attention + mlp) + width * static_cast<double>(tables) +
         buckets * static_cast<double>(c.heads);
}

Status validate(const ModelConfig& config, double parameter_limit) {
  for (auto check : {check_extents, check_numbers, check_heads}) {
    Status status = check(config);
    if (!status.ok()) return status;
  }
  return check_size(config, parameter_limit);
}

std::string to_json(const ModelConfig& config) {
  JsonWriter writer;
  visit_fields(config, writer);
  return writer.out.dump();
}

Result<ModelConfig> model_config_from_json(const std::string& json) {
  Result<Json> parsed = Json::parse(json);
  if (!parsed.ok()) return Error{parsed.error().code, "model config: " + parsed.error().message};
  if (!parsed->is(Json::Type::object)) return bad(ErrorCode::malformed, "a JSON object is expected");
  ModelConfig config;
  JsonReader reader{*parsed, {}, 0};
  visit_fields(config, reader);
  if (!reader.problem.empty()) return Error{ErrorCode::malformed, reader.problem};
  if (reader.used != parsed->members().size())
    for (const auto& member : parsed->members()) {
      NameCollector known{member.first};
      visit_fields(config, known);
      if (!known.found) return bad(ErrorCode::unsupported, "unknown key \"" + member.first + "\"");
    }
  Status status = validate(config);
  if (!status.ok()) return status.error();
  return config;
}

}  // namespace attn
