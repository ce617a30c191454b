#include "request.hpp"

#include <cmath>

namespace attn::wasm {

namespace {

using io::Json;

// Limits of one tab, chosen for a phone: 2^24 weights are 64 MB, 2^26 activations 256 MB.
constexpr double max_parameters = 16777216;
constexpr double max_activations = 67108864;
constexpr Index max_batch = 4096;

[[noreturn]] void refuse(ErrorCode code, const std::string& message) { throw Refusal(code, message); }

bool is_integer(double x) {
  return std::isfinite(x) && x == std::floor(x) && std::fabs(x) <= 9007199254740992.0;
}

Index integer(const Json& json, const std::string& what, Index low, Index high) {
  if (!json.is(Json::Type::number) || !is_integer(json.number()))
    refuse(ErrorCode::malformed, what + " must be an integer");
  const double x = json.number();
  if (x < static_cast<double>(low) || x > static_cast<double>(high))
    refuse(ErrorCode::out_of_range, what + " = " + json.dump() + " is not in [" + std::to_string(low) + ", " +
                                        std::to_string(high) + "]");
  return static_cast<Index>(x);
}

double count(Index n) { return n > 0 ? static_cast<double>(n) : 0; }

// Floats alive in a forward pass that forgets each block, with the attention of every layer captured
// (run_bytes in attn/model/hf_loader.hpp is the same sum, in bytes and for one sequence).
double inference_count(const ModelConfig& c, double B, double T) {
  const double heads = count(c.heads), d = count(c.resolved_head_width());
  const double mlp = c.mlp == MlpKind::none ? 0 : 3 * count(c.resolved_mlp_width());
  const double outputs = c.unembed ? count(c.vocab) : count(c.width);
  return B * ((2 * count(c.layers) + 1) * heads * T * T +
              T * (8 * count(c.width) + 6 * heads * d + mlp + 2 * outputs));
}

// Floats alive in a forward pass that keeps everything, as training does.
double activation_count(const ModelConfig& c, double B, double T) {
  const double heads = count(c.heads), d = count(c.resolved_head_width());
  const double mlp = c.mlp == MlpKind::none ? 0 : 3 * count(c.resolved_mlp_width());
  const double per_token = 8 * count(c.width) + 6 * heads * d + mlp;
  return B * (count(c.layers) * (T * per_token + 3 * heads * T * T) + 3 * T * count(c.vocab));
}

}  // namespace

Fields::Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object.is(Json::Type::object)) refuse(ErrorCode::malformed, where_ + " must be an object");
}

std::string Fields::name(std::string_view key) const { return where_ + "." + std::string(key); }

bool Fields::has(std::string_view key) const {
  const Json* member = object_.find(key);
  return member && !member->is(Json::Type::null);
}

const Json& Fields::at(std::string_view key) const {
  const Json* member = object_.find(key);
  if (!member) refuse(ErrorCode::malformed, name(key) + " is missing");
  return *member;
}

Index Fields::index(std::string_view key, Index low, Index high) const {
  return integer(at(key), name(key), low, high);
}

Index Fields::index_or(std::string_view key, Index low, Index high, Index fallback) const {
  return has(key) ? index(key, low, high) : fallback;
}

Real Fields::number_or(std::string_view key, Real fallback) const {
  if (!has(key)) return fallback;
  const Json& member = at(key);
  if (!member.is(Json::Type::number)) refuse(ErrorCode::malformed, name(key) + " must be a number");
  return static_cast<Real>(member.number());
}

Real Fields::number_in(std::string_view key, Real low, Real high, Real fallback) const {
  const Real value = number_or(key, fallback);
  if (!(value >= low && value <= high))  // NaN fails both
    refuse(ErrorCode::out_of_range,
           name(key) + " must be in [" + std::to_string(low) + ", " + std::to_string(high) + "]");
  return value;
}

Index Fields::choice(std::string_view key, std::initializer_list<const char*> names) const {
  const std::string given = text(key);
  std::string all;
  Index place = 0;
  for (const char* each : names) {
    if (given == each) return place;
    all += (place++ ? ", " : "") + std::string(each);
  }
  refuse(ErrorCode::malformed, name(key) + " must be one of " + all);
}

bool Fields::flag_or(std::string_view key, bool fallback) const {
  if (!has(key)) return fallback;
  const Json& member = at(key);
  if (!member.is(Json::Type::boolean)) refuse(ErrorCode::malformed, name(key) + " must be true or false");
  return member.boolean();
}

std::string Fields::text(std::string_view key) const {
  const Json& member = at(key);
  if (!member.is(Json::Type::string)) refuse(ErrorCode::malformed, name(key) + " must be a string");
  return member.string();
}

const std::vector<Json>& Fields::list(std::string_view key) const {
  const Json& member = at(key);
  if (!member.is(Json::Type::array)) refuse(ErrorCode::malformed, name(key) + " must be an array");
  return member.items();
}

std::uint64_t Fields::seed(std::string_view key) const {
  return static_cast<std::uint64_t>(has(key) ? integer(at(key), name(key), 0, Index(2147483647)) : 1);
}

std::vector<Index> Fields::indices(std::string_view key, Index low, Index high) const {
  std::vector<Index> out;
  for (const Json& item : list(key)) out.push_back(integer(item, "an entry of " + name(key), low, high));
  return out;
}

std::vector<TokenId> token_list(const std::vector<Json>& items, const ModelConfig& config) {
  std::vector<TokenId> tokens;
  tokens.reserve(items.size());
  for (const Json& item : items) {
    if (!item.is(Json::Type::number) || !is_integer(item.number()) || std::fabs(item.number()) > 2147483647.0)
      refuse(ErrorCode::malformed, "token " + item.dump() + " is not an integer");
    tokens.push_back(static_cast<TokenId>(item.number()));
  }
  if (tokens.empty()) refuse(ErrorCode::malformed, "no tokens: a sequence needs at least one");
  TokenBatch one;
  one.tokens = tokens;
  one.batch = 1;
  one.length = static_cast<Index>(tokens.size());
  if (config.token_types) one.types.assign(tokens.size(), 0);
  take(check_tokens(config, one));
  return tokens;
}

TokenBatch token_batch(const Json& sequences, const ModelConfig& config) {
  if (!sequences.is(Json::Type::array)) refuse(ErrorCode::malformed, "tokens must be an array of sequences");
  const std::vector<Json>& rows = sequences.items();
  if (rows.empty()) refuse(ErrorCode::malformed, "no tokens: a batch needs at least one sequence");
  TokenBatch batch;
  batch.batch = static_cast<Index>(rows.size());
  for (const Json& row : rows) {
    if (!row.is(Json::Type::array)) refuse(ErrorCode::malformed, "every sequence must be an array of tokens");
    const Index length = static_cast<Index>(row.items().size());
    if (&row == &rows.front()) {
      batch.length = length;
      if (length <= config.context) check_run_size(config, batch.batch, length);
    }
    if (length != batch.length)
      refuse(ErrorCode::mismatch, "sequences of a batch must have one length, got " +
                                      std::to_string(batch.length) + " and " + std::to_string(length));
    const std::vector<TokenId> tokens = token_list(row.items(), config);
    batch.tokens.insert(batch.tokens.end(), tokens.begin(), tokens.end());
  }
  if (config.token_types) batch.types.assign(batch.tokens.size(), 0);
  return batch;
}

HeadRef head_ref(const io::Json& json, const ModelConfig& config, std::string_view where) {
  const Fields fields(json, std::string(where));
  return {static_cast<int>(fields.index("layer", 0, config.layers - 1)),
          static_cast<int>(fields.index("head", 0, config.heads - 1))};
}

std::vector<HeadRef> head_refs(const Fields& fields, std::string_view key, const ModelConfig& config) {
  std::vector<HeadRef> heads;
  if (!fields.has(key)) return heads;
  for (const io::Json& item : fields.list(key)) heads.push_back(head_ref(item, config, key));
  return heads;
}

Json json_of(Real value) { return json_of_double(static_cast<double>(value)); }

Json json_of_double(double value) { return std::isfinite(value) ? Json::of(value) : Json(); }

Json json_of_count(Index value) { return Json::of(static_cast<double>(value)); }

Tensor row_of(std::vector<Real> numbers) {
  const Shape shape{static_cast<Index>(numbers.size())};
  return Tensor(shape, std::move(numbers));
}

Json json_of(const Shape& shape) {
  Json out = Json::array();
  for (int axis = 0; axis < shape.rank(); ++axis) out.push(Json::of(static_cast<double>(shape[axis])));
  return out;
}

Json json_of_text(const std::string& text) { return take(Json::parse(text)); }

void check_size(const ModelConfig& config, bool training, Index batch) {
  const double weights = approximate_parameters(config);
  const double parameters = weights * (training ? 4 : 1);  // gradients and two moments
  if (!(parameters <= max_parameters * (training ? 2 : 1)))
    refuse(ErrorCode::too_large, "about " + std::to_string(static_cast<long long>(weights / 1e6)) +
                                     " million weights: too many for a browser tab");
  if (training) {
    const double floats = 2 * activation_count(config, count(batch), count(config.context));
    if (!(floats <= max_activations))
      refuse(ErrorCode::too_large, "a training step would need about " +
                                       std::to_string(static_cast<long long>(floats * 4 / 1e6)) +
                                       " MB: lower batch, width or context");
  }
}

void check_circuit_size(const ModelConfig& config) {
  const double floats = count(config.vocab) * count(config.vocab);
  if (!(floats <= max_activations))
    refuse(ErrorCode::too_large, "a circuit over all pairs of tokens would need about " +
                                     std::to_string(static_cast<long long>(floats * 4 / 1e6)) + " MB");
}

void check_run_size(const ModelConfig& config, Index batch, Index length) {
  if (batch > max_batch)
    refuse(ErrorCode::too_large,
           std::to_string(batch) + " sequences at once, the limit is " + std::to_string(max_batch));
  const double floats = inference_count(config, count(batch), count(length));
  if (!(floats <= max_activations))
    refuse(ErrorCode::too_large, "this run would need about " +
                                     std::to_string(static_cast<long long>(floats * 4 / 1e6)) +
                                     " MB: give fewer or shorter sequences");
}

}  // namespace attn::wasm
