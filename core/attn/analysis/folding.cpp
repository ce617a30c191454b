#include "attn/analysis/folding.hpp"

#include <cmath>
#include <string>

namespace attn {

namespace {

// x <- x C diag(gain) for one row of D numbers; an absent gain is all ones.
void fold_row(Real* x, Index D, Index stride, bool centre, const Real* gain) {
  double mean = 0;
  if (centre) {
    for (Index i = 0; i < D; ++i) mean += static_cast<double>(x[i * stride]);
    mean /= static_cast<double>(D);
  }
  for (Index i = 0; i < D; ++i)
    x[i * stride] = (x[i * stride] - static_cast<Real>(mean)) * (gain ? gain[i] : Real(1));
}

const Real* gain_of(const Model& model, const std::string& name) {
  return model.parameters.has(name) ? model.parameters[name].data : nullptr;
}

}  // namespace

HeadMatrices head_matrices(const Model& model, int layer, int head) {
  const ModelConfig& c = model.config;
  if (layer < 0 || layer >= c.layers || head < 0 || head >= c.heads)
    throw ShapeError("there is no head L" + std::to_string(layer) + "H" + std::to_string(head) +
                     " in this model");
  const std::string block = "blocks." + std::to_string(layer) + ".attn.";
  const Index D = c.width, H = c.heads, G = c.resolved_kv_heads(), d = c.resolved_head_width();
  const Index kv = head / (H / G);  // grouped heads share a key and a value
  const std::string key = block + "W_" + c.key_role(), value = block + "W_" + c.value_role();
  return {ConstMatrix(model.parameters[block + "W_Q"].data + head * d, D, d, H * d),
          ConstMatrix(model.parameters[key].data + kv * d, D, d, G * d),
          ConstMatrix(model.parameters[value].data + kv * d, D, d, G * d),
          ConstMatrix(model.parameters[block + "W_O"].data + head * d * D, d, D)};
}

Tensor product(ConstMatrix a, ConstMatrix b, Real alpha) {
  Tensor c(Shape{a.rows, b.cols});
  matmul(Matrix(c.data.data(), a.rows, b.cols), a, b, Store::overwrite, alpha);
  return c;
}

Tensor read_by(const Model& model, int layer, ConstMatrix rows) {
  Tensor out(Shape{rows.rows, rows.cols});
  const ModelConfig& c = model.config;
  const bool pre = c.norm == NormPlacement::pre;
  const Real* gain = pre ? gain_of(model, "blocks." + std::to_string(layer) + ".ln1.w") : nullptr;
  for (Index r = 0; r < rows.rows; ++r) {
    Real* x = out.data.data() + r * rows.cols;
    for (Index i = 0; i < rows.cols; ++i) x[i] = rows(r, i);
    if (pre) fold_row(x, rows.cols, 1, c.norm_kind == NormKind::layer_norm, gain);
  }
  return out;
}

// The gain first, then the centring: a column is what the stream's coordinates are multiplied by.
Tensor fold_reader(const Model& model, int layer, ConstMatrix columns) {
  Tensor out(Shape{columns.rows, columns.cols});
  const ModelConfig& c = model.config;
  const bool pre = c.norm == NormPlacement::pre;
  const Real* gain = pre ? gain_of(model, "blocks." + std::to_string(layer) + ".ln1.w") : nullptr;
  for (Index r = 0; r < columns.rows; ++r) {
    Real* x = out.data.data() + r * columns.cols;
    for (Index i = 0; i < columns.cols; ++i) x[i] = columns(r, i) * (gain ? gain[i] : Real(1));
    if (pre) fold_row(x, columns.cols, 1, c.norm_kind == NormKind::layer_norm, nullptr);
  }
  return out;
}

bool has_final_norm(const ModelConfig& c) { return c.norm == NormPlacement::pre && c.final_norm; }

Tensor folded_unembedding(const Model& model) {
  const ModelConfig& c = model.config;
  Tensor out(Shape{c.width, c.vocab});
  const ConstMatrix w_u =
      c.tied ? embedding(model).transposed() : as_matrix(ConstView(model.parameters["unembed.W_U"]));
  for (Index i = 0; i < c.width; ++i)
    for (Index v = 0; v < c.vocab; ++v) out.data[static_cast<std::size_t>(i * c.vocab + v)] = w_u(i, v);
  if (!has_final_norm(c)) return out;
  // C diag(w) W_U: the gain scales row i first, then every column is centred.
  const Real* gain = gain_of(model, "ln_final.w");
  for (Index i = 0; gain && i < c.width; ++i)
    for (Index v = 0; v < c.vocab; ++v) out.data[static_cast<std::size_t>(i * c.vocab + v)] *= gain[i];
  for (Index v = 0; v < c.vocab; ++v)
    fold_row(out.data.data() + v, c.width, c.vocab, c.norm_kind == NormKind::layer_norm, nullptr);
  return out;
}

std::vector<double> logit_direction(const Model& model, TokenId target) {
  const ModelConfig& c = model.config;
  const ConstMatrix w_u =
      c.tied ? embedding(model).transposed() : as_matrix(ConstView(model.parameters["unembed.W_U"]));
  const Real* gain = has_final_norm(c) ? gain_of(model, "ln_final.w") : nullptr;
  std::vector<Real> column(static_cast<std::size_t>(c.width));
  for (Index i = 0; i < c.width; ++i)
    column[static_cast<std::size_t>(i)] = w_u(i, target) * (gain ? gain[i] : Real(1));
  if (has_final_norm(c)) fold_row(column.data(), c.width, 1, c.norm_kind == NormKind::layer_norm, nullptr);
  return std::vector<double>(column.begin(), column.end());
}

double frozen_scale(const ModelConfig& c, const std::vector<Real>& stream) {
  if (!has_final_norm(c)) return 1;
  double mean = 0, squares = 0;
  const double D = static_cast<double>(stream.size());
  for (Real x : stream) mean += static_cast<double>(x) / D;
  if (c.norm_kind == NormKind::rms_norm) mean = 0;
  for (Real x : stream) squares += (static_cast<double>(x) - mean) * (static_cast<double>(x) - mean) / D;
  return 1 / std::sqrt(squares + static_cast<double>(c.norm_epsilon));
}

ConstMatrix embedding(const Model& model) { return as_matrix(ConstView(model.parameters["embed.W_E"])); }

Real score_scale(const ModelConfig& c) {
  return c.scale != 0 ? c.scale : Real(1) / std::sqrt(static_cast<Real>(c.resolved_head_width()));
}

}  // namespace attn
