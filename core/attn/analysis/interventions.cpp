#include "attn/analysis/interventions.hpp"

#include <algorithm>

#include "attn/analysis/activations.hpp"

namespace attn {

namespace {

// A single cycle through all of [0, n) (Sattolo 1986): nobody keeps their own place.
std::vector<Index> derangement(Index n, Rng& rng) {
  std::vector<Index> order(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
  for (Index i = n - 1; i > 0; --i)
    std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(rng.below(i))]);
  return order;
}

void check_heads(const ModelConfig& config, const std::vector<HeadRef>& heads) {
  for (const HeadRef& h : heads)
    if (h.layer < 0 || h.layer >= config.layers || h.head < 0 || h.head >= config.heads)
      throw ShapeError("there is no head L" + std::to_string(h.layer) + "H" + std::to_string(h.head) +
                       " in a model of " + std::to_string(config.layers) + " layers with " +
                       std::to_string(config.heads) + " heads");
}

// z of every layer, [B, T, H, d] each, from an unmodified run.
std::vector<Tensor> clean_z(const Model& model, const TokenBatch& batch) {
  const std::vector<HookPoint> points = in_every_layer(model, Site::z);
  const Activations run = record(model, batch, points);
  std::vector<Tensor> z;
  for (HookPoint point : points) z.push_back(run.at(point));
  return z;
}

// [H, d]: each head's mean over the positions of all sequences, padding left out.
Tensor mean_z(const Tensor& z, const TokenBatch& batch) {
  const Index B = z.shape[0], T = z.shape[1], row = z.shape[2] * z.shape[3];
  std::vector<double> sum(static_cast<std::size_t>(row));
  double count = 0;
  for (Index b = 0; b < B; ++b) {
    const Index length = batch.lengths.empty() ? T : batch.lengths[static_cast<std::size_t>(b)];
    count += static_cast<double>(length);
    for (Index t = 0; t < length; ++t)
      for (Index i = 0; i < row; ++i)
        sum[static_cast<std::size_t>(i)] +=
            static_cast<double>(z.data[static_cast<std::size_t>((b * T + t) * row + i)]);
  }
  Tensor mean(Shape{z.shape[2], z.shape[3]});
  for (std::size_t i = 0; i < mean.data.size(); ++i)
    mean.data[i] = static_cast<Real>(sum[i] / std::max(count, 1.0));
  return mean;
}

// z with its sequences exchanged: out[b] = z[from[b]].
Tensor exchanged(const Tensor& z, const std::vector<Index>& from) {
  Tensor out(z.shape);
  const Index block = z.size() / z.shape[0];
  for (Index b = 0; b < z.shape[0]; ++b)
    std::copy_n(z.data.data() + from[static_cast<std::size_t>(b)] * block, block,
                out.data.data() + b * block);
  return out;
}

// Overwrites z[.., head, :]. `reference`: null for zeros, [H, d] or the shape of z itself.
void overwrite_head(View z, Index head, const Real* reference, bool per_position) {
  const Index rows = z.shape[0] * z.shape[1], H = z.shape[2], d = z.shape[3];
  for (Index r = 0; r < rows; ++r) {
    Real* out = z.data + (r * H + head) * d;
    if (!reference)
      std::fill_n(out, d, Real(0));
    else
      std::copy_n(reference + ((per_position ? r * H : 0) + head) * d, d, out);
  }
}

}  // namespace

// #region ablate
void ablate(Hooks& hooks, const Model& model, const TokenBatch& batch, const std::vector<HeadRef>& heads,
            Ablation how, Rng& rng, AblationScopes& out) {
  check_heads(model.config, heads);
  if (how == Ablation::resample && batch.batch < 2)
    throw ShapeError("resample ablation exchanges sequences: the batch needs at least 2");
  if (how != Ablation::zero) out.reference = clean_z(model, batch);
  if (how == Ablation::mean)
    for (Tensor& z : out.reference) z = mean_z(z, batch);
  if (how == Ablation::resample) {
    const std::vector<Index> from = derangement(batch.batch, rng);
    for (Tensor& z : out.reference) z = exchanged(z, from);
  }
  for (const HeadRef& h : heads) {
    const Tensor* reference =
        how == Ablation::zero ? nullptr : &out.reference[static_cast<std::size_t>(h.layer)];
    // The buffer, not the Tensor: it stays where it is when `out` is moved.
    const Real* values = reference ? reference->data.data() : nullptr;
    const Shape shape = how == Ablation::resample ? reference->shape : Shape{};
    const Index head = h.head;
    out.scopes.push_back(hooks.replace({Site::z, h.layer}, [values, shape, head](HookPoint, View z) {
      if (shape.rank()) expect_shape("resample ablation: z", z.shape, shape);
      overwrite_head(z, head, values, shape.rank() != 0);
    }));
  }
}
// #endregion

}  // namespace attn
