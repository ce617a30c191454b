// All weights of a model in one flat allocation, carved into named tensors by a table: one
// buffer to optimise, to clip, to copy, to save (the idea of llm.c's ParameterTensors). Weights that a file
// keeps in sixteen bits may stay so in a second buffer: such a model is read, not trained.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attn/base/tensor.hpp"
#include "attn/math/random.hpp"
#include "attn/math/stored.hpp"
#include "attn/model/config.hpp"

namespace attn {

// Names and shapes (TransformerLens): "embed.W_E" [V, D], "pos_embed.W_pos" [T_max, D],
// "blocks.l.attn.W_Q" [D, H, d], "W_K"/"W_V" [D, H_kv, d] (not where shared), "W_O" [H, d, D], "b_Q" [H, d]
// …, "blocks.l.ln1.w" [D], "blocks.l.mlp.W_in" [D, D_mlp], "W_gate", "W_out" [D_mlp, D], "ln_final.w" [D],
// "unembed.W_U" [D, V]. Every matrix maps row vectors: y = x·W. Where the config asks: "type_embed.W_type"
// [types, D], "embed_norm.w" [D], "rel_pos.W_bias" [buckets, H] (T5, shared by the layers),
// "attn.q_norm.w"/"attn.k_norm.w" [d], "attn.smear" [H_kv] (α), "attn.null" [H], "attn.W_gate" [D, H],
// "ln1.b" beside "ln1.w" (LayerNorm), "ln2.w" before the MLP, "mlp.b_in", "mlp.b_gate", "mlp.b_out",
// "unembed.b_U" [V].
struct ParameterInfo {
  std::string name;
  Shape shape;
  Index offset;  // into the flat buffer, or into the stored one
  bool decay;    // weight decay applies (matrices; not gains and biases)
  Storage storage = Storage::real;
};

// The table without the memory: what a file must hold, known before anything is allocated.
std::vector<ParameterInfo> parameter_table(const ModelConfig& config);

class Parameters {
 public:
  Parameters() = default;
  explicit Parameters(const ModelConfig& config);  // zeros
  // The same, with the storage of each row of the table.
  Parameters(const ModelConfig& config, const std::vector<Storage>& storages);

  const std::vector<ParameterInfo>& table() const { return table_; }
  const ParameterInfo* find(std::string_view name) const;  // nullptr: absent
  View operator[](std::string_view name);                  // throws ShapeError when absent or stored
  ConstView operator[](std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }

  StoredView stored(const ParameterInfo& info) const;
  std::uint16_t* stored_data(const ParameterInfo& info) { return stored_.data() + info.offset; }
  bool has_stored() const { return !stored_.empty(); }
  Tensor widened(std::string_view name) const;  // a copy in Real, of either kind
  Index count() const;                          // numbers of either kind
  std::size_t bytes() const;

  // The weights that are Real.
  View flat() { return {data_.data(), Shape{static_cast<Index>(data_.size())}}; }
  ConstView flat() const { return {data_.data(), Shape{static_cast<Index>(data_.size())}}; }
  Index size() const { return static_cast<Index>(data_.size()); }

 private:
  std::vector<ParameterInfo> table_;
  std::vector<Real> data_;
  std::vector<std::uint16_t> stored_;
};

// Random initialisation as config says (init_std, identical_heads, head_noise).
void initialise(Parameters& parameters, const ModelConfig& config, Rng& rng);

}  // namespace attn
