#include "attn/model/parameters.hpp"

#include <cmath>

#include "attn/math/vector.hpp"

namespace attn {
namespace {

class TableBuilder {
 public:
  explicit TableBuilder(std::vector<ParameterInfo>& table) : table_(table) {}

  void matrix(const std::string& name, const Shape& shape) { add(name, shape, true); }
  void vector(const std::string& name, const Shape& shape) { add(name, shape, false); }
  void norm(const std::string& name, const ModelConfig& c) {
    if (!c.norm_gain) return;
    vector(name + ".w", {c.width});
    if (c.norm_kind == NormKind::layer_norm) vector(name + ".b", {c.width});
  }

 private:
  void add(const std::string& name, const Shape& shape, bool decay) {
    table_.push_back({name, shape, offset_, decay, Storage::real});
    offset_ += shape.size();
  }
  std::vector<ParameterInfo>& table_;
  Index offset_ = 0;
};

void add_attention(TableBuilder& t, const std::string& at, const ModelConfig& c) {
  const Index H = c.heads, K = c.resolved_kv_heads(), d = c.resolved_head_width(), D = c.width;
  t.matrix(at + "W_Q", {D, H, d});
  if (!c.shared_qk) t.matrix(at + "W_K", {D, K, d});
  if (!c.shared_kv) t.matrix(at + "W_V", {D, K, d});
  t.matrix(at + "W_O", {H, d, D});
  if (c.qkv_bias) {
    t.vector(at + "b_Q", {H, d});
    if (!c.shared_qk) t.vector(at + "b_K", {K, d});
    if (!c.shared_kv) t.vector(at + "b_V", {K, d});
  }
  if (c.out_bias) t.vector(at + "b_O", {D});
  if (c.qk_norm && c.norm_gain) t.vector(at + "q_norm.w", {d}), t.vector(at + "k_norm.w", {d});
  if (c.smeared_keys) t.vector(at + "smear", {K});  // α, one per key head
  if (c.null_score == NullScore::learned) t.vector(at + "null", {H});
  if (c.token_gates) t.matrix(at + "W_gate", {D, H});
}

void add_mlp(TableBuilder& t, const std::string& mlp, const ModelConfig& c) {
  const Index D = c.width, M = c.resolved_mlp_width();
  const bool gated = c.mlp == MlpKind::swiglu;
  if (gated) t.matrix(mlp + "W_gate", {D, M});
  t.matrix(mlp + "W_in", {D, M});
  t.matrix(mlp + "W_out", {M, D});
  if (!c.mlp_bias) return;
  if (gated) t.vector(mlp + "b_gate", {M});
  t.vector(mlp + "b_in", {M});
  t.vector(mlp + "b_out", {D});
}

// Draws W of one head and copies it to the others, each with noise of its own. The heads' axis is
// `axis`: [D, H, d] has it in the middle, [H, d, D] first.
void clone_heads(View w, int axis, Rng& rng, Real std, Real noise) {
  const Index heads = w.shape[axis], inner = axis == 0 ? w.size() / heads : w.shape[2];
  const Index outer = axis == 0 ? 1 : w.shape[0];
  for (Index o = 0; o < outer; ++o) {
    const View first(w.data + o * heads * inner, Shape{inner});
    fill_normal(first, rng, std);
    for (Index h = 1; h < heads; ++h) vec::copy(first.data, first.data + h * inner, inner);
  }
  if (noise == 0 || heads < 2) return;
  for (Real& x : w) x += noise * std * static_cast<Real>(rng.normal());
}

bool ends_with(std::string_view text, std::string_view tail) {
  return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

// Inputs that one output of the matrix sums: D for [D, H, d], H·d for [H, d, D]. A table sums none: tokens
// keep unit variance, positions and types are 1/√D beside them. Equally loud tables (1/√D both) grow a
// position-matching circuit and no previous-token head on the repeat task.
Index fan_in(const ParameterInfo& p) {
  if (ends_with(p.name, "W_O")) return p.shape[0] * p.shape[1];
  const bool table = ends_with(p.name, "W_E") || ends_with(p.name, "W_pos") || ends_with(p.name, "W_type");
  return table ? p.shape[1] : p.shape[0];
}

Real deviation(const ParameterInfo& p, const ModelConfig& c) {
  if (c.position_std > 0 && ends_with(p.name, "W_pos")) return c.position_std;
  if (c.init_std == 0 && !c.tied && ends_with(p.name, "W_E")) return 1;
  if (c.init_std == 0) return 1 / std::sqrt(static_cast<Real>(fan_in(p)));
  // GPT-2 section 2.3: the 2L projections that write into the stream start smaller by √(2L).
  const bool writes = ends_with(p.name, "W_O") || ends_with(p.name, "W_out");
  return writes ? c.init_std / std::sqrt(2 * static_cast<Real>(c.layers)) : c.init_std;
}

}  // namespace

std::vector<ParameterInfo> parameter_table(const ModelConfig& c) {
  std::vector<ParameterInfo> table;
  TableBuilder t(table);
  t.matrix("embed.W_E", {c.vocab, c.width});
  if (c.position == PositionKind::learned) t.matrix("pos_embed.W_pos", {c.context, c.width});
  if (c.token_types) t.matrix("type_embed.W_type", {c.token_types, c.width});
  if (c.embed_norm) t.norm("embed_norm", c);
  if (c.position == PositionKind::t5) t.vector("rel_pos.W_bias", {c.t5_buckets, c.heads});
  for (Index l = 0; l < c.layers; ++l) {
    const std::string block = "blocks." + std::to_string(l) + ".";
    if (c.has_norms()) t.norm(block + "ln1", c);
    add_attention(t, block + "attn.", c);
    if (c.has_mlp() && c.has_norms()) t.norm(block + "ln2", c);
    if (c.has_mlp()) add_mlp(t, block + "mlp.", c);
  }
  if (c.has_final_norm()) t.norm("ln_final", c);
  if (c.unembed && !c.tied) t.matrix("unembed.W_U", {c.width, c.vocab});
  if (c.unembed && c.unembed_bias) t.vector("unembed.b_U", {c.vocab});
  return table;
}

Parameters::Parameters(const ModelConfig& config) : table_(parameter_table(config)) {
  const Index size = table_.empty() ? 0 : table_.back().offset + table_.back().shape.size();
  data_.resize(static_cast<std::size_t>(size));
}

Parameters::Parameters(const ModelConfig& config, const std::vector<Storage>& storages)
    : table_(parameter_table(config)) {
  if (storages.size() != table_.size())
    throw ShapeError(std::to_string(storages.size()) + " storages for " + std::to_string(table_.size()) +
                     " parameters");
  Index real = 0, stored = 0;
  for (std::size_t i = 0; i < table_.size(); ++i) {
    ParameterInfo& p = table_[i];
    p.storage = storages[i];
    Index& end = p.storage == Storage::real ? real : stored;
    p.offset = end;
    end += p.shape.size();
  }
  data_.resize(static_cast<std::size_t>(real));
  stored_.resize(static_cast<std::size_t>(stored));
}

const ParameterInfo* Parameters::find(std::string_view name) const {
  for (const ParameterInfo& p : table_)
    if (p.name == name) return &p;
  return nullptr;
}

View Parameters::operator[](std::string_view name) {
  const ParameterInfo* p = find(name);
  if (!p) throw ShapeError("the model has no parameter " + std::string(name));
  if (p->storage != Storage::real)
    throw ShapeError("parameter " + std::string(name) + " is kept in sixteen bits: read it with widened()");
  return {data_.data() + p->offset, p->shape};
}

ConstView Parameters::operator[](std::string_view name) const { return const_cast<Parameters&>(*this)[name]; }

StoredView Parameters::stored(const ParameterInfo& info) const {
  return {stored_.data() + info.offset, info.shape, info.storage};
}

Tensor Parameters::widened(std::string_view name) const {
  const ParameterInfo* p = find(name);
  if (!p || p->storage == Storage::real) {
    const ConstView v = (*this)[name];
    return Tensor(v.shape, std::vector<Real>(v.begin(), v.end()));
  }
  Tensor out(p->shape);
  widen(stored(*p).data, p->storage, out.data.data(), out.size());
  return out;
}

Index Parameters::count() const { return static_cast<Index>(data_.size() + stored_.size()); }

std::size_t Parameters::bytes() const {
  return data_.size() * sizeof(Real) + stored_.size() * sizeof(std::uint16_t);
}

void initialise(Parameters& parameters, const ModelConfig& config, Rng& rng) {
  for (const ParameterInfo& p : parameters.table()) {
    const View w = parameters[p.name];
    const bool gain = ends_with(p.name, ".w");
    if (gain)
      vec::fill(1, w.data, w.size());
    else if (!p.decay)
      vec::fill(0, w.data, w.size());  // biases, T5's table, α = 0 (σ = 1/2)
    else if (config.identical_heads && w.shape.rank() == 3)
      clone_heads(w, ends_with(p.name, "W_O") ? 0 : 1, rng, deviation(p, config), config.head_noise);
    else
      fill_normal(w, rng, deviation(p, config));
  }
}

}  // namespace attn
