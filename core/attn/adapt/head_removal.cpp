#include "attn/adapt/head_removal.hpp"

#include "attn/math/vector.hpp"

namespace attn {
namespace {

std::string name_of(std::size_t layer, const char* which) {
  return "blocks." + std::to_string(layer) + ".attn." + which;
}

void check_slice(const ModelConfig& c, const std::vector<std::vector<int>>& kept) {
  if (static_cast<Index>(kept.size()) != c.layers)
    throw ShapeError("heads to keep for " + std::to_string(kept.size()) + " layers of " +
                     std::to_string(c.layers));
  if (c.resolved_kv_heads() != c.heads) throw ShapeError("grouped heads are kept or removed by whole groups");
  if (c.position == PositionKind::t5 || c.position == PositionKind::alibi)
    throw ShapeError("a position bias per head cannot be sliced here");
  for (const std::vector<int>& layer : kept) {
    if (layer.empty() || layer.size() != kept.front().size())
      throw ShapeError("every layer keeps the same number of heads, at least one");
    for (int h : layer)
      if (h < 0 || h >= c.heads) throw ShapeError("there is no head " + std::to_string(h));
  }
}

// [outer, H, inner] -> [outer, kept, inner].
void slice(ConstView from, View to, Index outer, Index heads, const std::vector<int>& kept) {
  const Index inner = from.size() / (outer * heads), n = static_cast<Index>(kept.size());
  for (Index o = 0; o < outer; ++o)
    for (Index k = 0; k < n; ++k)
      vec::copy(from.data + (o * heads + kept[static_cast<std::size_t>(k)]) * inner,
                to.data + (o * n + k) * inner, inner);
}

}  // namespace

Model without_heads(const Model& model, const std::vector<HeadRef>& heads) {
  Tensor gates(Shape{model.config.layers, model.config.heads});
  for (Real& g : gates.data) g = 1;
  for (const HeadRef& h : heads) {
    if (h.layer < 0 || h.layer >= model.config.layers || h.head < 0 || h.head >= model.config.heads)
      throw ShapeError("there is no head L" + std::to_string(h.layer) + "H" + std::to_string(h.head));
    gates.view()[h.layer * model.config.heads + h.head] = 0;
  }
  return with_gates_folded(model, gates);
}

Model with_gates_folded(const Model& model, const Tensor& gates) {
  const Index L = model.config.layers, H = model.config.heads;
  expect_shape("gates", gates.shape, Shape{L, H});
  Model out = model;
  for (Index l = 0; l < L; ++l) {
    const View w = out.parameters[name_of(static_cast<std::size_t>(l), "W_O")];  // [H, d, D]
    for (Index h = 0; h < H; ++h) {
      const View rows = w.sub(h);
      vec::scale(gates.view()[l * H + h], rows.data, rows.data, rows.size());
    }
  }
  return out;
}

// #region sliced-heads
Model sliced_heads(const Model& model, const std::vector<std::vector<int>>& kept) {
  const ModelConfig& c = model.config;
  check_slice(c, kept);
  Model out;
  out.config = c;
  out.config.head_width = c.resolved_head_width();  // it was D / H, and H is about to change
  out.config.mlp_width = c.has_mlp() ? c.resolved_mlp_width() : c.mlp_width;
  out.config.heads = static_cast<Index>(kept.front().size());
  out.config.kv_heads = 0;
  out.parameters = Parameters(out.config);
  for (const ParameterInfo& p : out.parameters.table()) {
    const ConstView from = model.parameters[p.name];
    const View to = out.parameters[p.name];
    if (from.shape == to.shape) {
      vec::copy(from.data, to.data, to.size());
      continue;
    }
    // [D, H, d] of W_Q, W_K, W_V; [D, H] of W_gate; [H, d, D] of W_O; [H, d] of their biases; [H]:
    // "blocks.l.…"
    const std::size_t layer = std::stoul(p.name.substr(7));
    const bool inputs_first = p.shape.rank() >= 2 && p.shape[0] == c.width && p.shape[1] != from.shape[1];
    slice(from, to, inputs_first ? c.width : 1, c.heads, kept[layer]);
  }
  return out;
}
// #endregion

}  // namespace attn
