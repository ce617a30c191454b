#include "attn/adapt/attention_masks.hpp"

#include <cmath>

#include "attn/adapt/weight_masks.hpp"
#include "attn/analysis/activations.hpp"

namespace attn {
namespace {

std::vector<bool> random_mask(Index rows, Index cols, Real fraction, Rng& rng) {
  std::vector<bool> keep(static_cast<std::size_t>(rows * cols), true);
  const auto drop = static_cast<Index>(std::floor(static_cast<double>(fraction) * static_cast<double>(rows)));
  for (Index j = 0; j < cols; ++j) {
    const std::vector<Index> order = permutation(rows, rng);
    for (Index k = 0; k < drop; ++k)
      keep[static_cast<std::size_t>(order[static_cast<std::size_t>(k)] * cols + j)] = false;
  }
  return keep;
}

// w: [inputs, outputs] inside the flat buffer; x: what it met, [n, inputs].
void mask_matrix(View w, Index inputs, const Tensor& x, MaskBy by, Real fraction, Rng& rng) {
  const Matrix m{w.data, inputs, w.size() / inputs};
  const ConstMatrix met{x.data.data(), x.size() / inputs, inputs};
  apply_mask(m, by == MaskBy::wanda       ? wanda_mask(m, met, fraction)
                : by == MaskBy::magnitude ? magnitude_mask(m, fraction)
                                          : random_mask(m.rows, m.cols, fraction, rng));
}

}  // namespace

Model masked_attention(const Model& model, const TokenBatch& calibration, MaskBy by, Real fraction,
                       Rng& rng) {
  std::vector<HookPoint> points = in_every_layer(model, Site::attn_in);
  for (HookPoint z : in_every_layer(model, Site::z)) points.push_back(z);
  const Activations run = record(model, calibration, points);
  Model out = model;
  const Index D = model.config.width, inner = model.config.heads * model.config.resolved_head_width();
  for (int l = 0; l < static_cast<int>(model.config.layers); ++l) {
    const std::string at = "blocks." + std::to_string(l) + ".attn.";
    for (const char* name : {"W_Q", "W_K", "W_V"})
      mask_matrix(out.parameters[at + name], D, run.at({Site::attn_in, l}), by, fraction, rng);
    mask_matrix(out.parameters[at + "W_O"], inner, run.at({Site::z, l}), by, fraction, rng);
  }
  return out;
}

}  // namespace attn
