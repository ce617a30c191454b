#include "attn/analysis/relevance.hpp"

#include <algorithm>

#include "attn/math/vector.hpp"

namespace attn {

std::vector<Tensor> gradient_times_attention(const Model& model, const TokenBatch& batch,
                                             const Metric& metric) {
  const std::vector<HookPoint> points = in_every_layer(model, Site::pattern);
  const ActivationGradients g = activation_gradients(model, batch, metric, points);
  std::vector<Tensor> out;
  for (HookPoint point : points) {
    Tensor product = g.gradients.at(point);
    vec::multiply(product.data.data(), g.values.at(point).data.data(), product.data.data(), product.size());
    out.push_back(std::move(product));
  }
  return out;
}

Tensor relevance(const std::vector<Tensor>& gradient_times_attention, Index sequence) {
  if (gradient_times_attention.empty()) throw ShapeError("relevance needs at least one layer");
  const Index T = gradient_times_attention[0].shape[2];
  Tensor r(Shape{T, T});
  for (Index t = 0; t < T; ++t) r.view()[t * T + t] = 1;
  for (const Tensor& layer : gradient_times_attention) {
    const Index H = layer.shape[1];
    Tensor mean(Shape{T, T});  // Ā
    for (Index h = 0; h < H; ++h) {
      const ConstView map = layer.view().sub(sequence).sub(h);
      for (Index i = 0; i < T * T; ++i) mean.view()[i] += std::max(map[i], Real(0)) / static_cast<Real>(H);
    }
    const Tensor before = r;
    matmul(as_matrix(r.view()), as_matrix(mean.view()), as_matrix(before.view()), Store::add);
  }
  return r;
}

Tensor gradient_times_input(const Model& model, const TokenBatch& batch, const Metric& metric) {
  const HookPoint embed{Site::embed, -1};
  const ActivationGradients g = activation_gradients(model, batch, metric, {embed});
  const Index D = model.config.width;
  Tensor out(Shape{batch.batch, batch.length});
  for (Index i = 0; i < out.size(); ++i)
    out.view()[i] =
        vec::dot(g.values.at(embed).data.data() + i * D, g.gradients.at(embed).data.data() + i * D, D);
  return out;
}

}  // namespace attn
