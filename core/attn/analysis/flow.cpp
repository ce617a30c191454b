#include "attn/analysis/flow.hpp"

#include "attn/analysis/max_flow.hpp"
#include "attn/math/matmul.hpp"

namespace attn {
namespace {

void check_square(const std::vector<Tensor>& layers) {
  for (const Tensor& a : layers)
    expect_shape("attention through layers", a.shape, Shape{layers[0].shape[0], layers[0].shape[0]});
}

}  // namespace

Tensor residual_attention(ConstView mean_map) {
  const Index T = mean_map.shape[0];
  Tensor a(mean_map.shape);
  for (Index i = 0; i < T; ++i) {
    double sum = 0;
    for (Index j = 0; j < T; ++j) sum += static_cast<double>(mean_map[i * T + j]) + (i == j ? 1 : 0);
    for (Index j = 0; j < T; ++j)
      a.view()[i * T + j] =
          static_cast<Real>((static_cast<double>(mean_map[i * T + j]) + (i == j ? 1 : 0)) / sum);
  }
  return a;
}

Tensor residual_attention(ConstView pattern, Index sequence) {
  const Index H = pattern.shape[1], T = pattern.shape[2];
  expect_shape("rollout: pattern", pattern.shape, Shape{pattern.shape[0], H, T, T});
  Tensor mean(Shape{T, T});
  for (Index h = 0; h < H; ++h) {
    const ConstView map = pattern.sub(sequence).sub(h);
    for (Index i = 0; i < T * T; ++i) mean.view()[i] += map[i] / static_cast<Real>(H);
  }
  return residual_attention(mean.view());
}

// #region rollout
std::vector<Tensor> rollout(const std::vector<Tensor>& layers) {
  check_square(layers);
  std::vector<Tensor> out;
  for (const Tensor& a : layers) {
    if (out.empty()) {
      out.push_back(a);
      continue;
    }
    Tensor next(a.shape);
    matmul(as_matrix(next.view()), as_matrix(a.view()), as_matrix(out.back().view()));
    out.push_back(std::move(next));
  }
  return out;
}
// #endregion

// #region attention-flow
std::vector<Real> attention_flow(const std::vector<Tensor>& layers, Index position) {
  check_square(layers);
  const Index L = static_cast<Index>(layers.size()), T = L ? layers[0].shape[0] : 0;
  const auto node = [T](Index level, Index token) { return level * T + token; };
  FlowNetwork network((L + 1) * T);
  for (Index l = 0; l < L; ++l)
    for (Index i = 0; i < T; ++i)
      for (Index j = 0; j < T; ++j) {
        const double capacity = static_cast<double>(layers[static_cast<std::size_t>(l)].view()[i * T + j]);
        if (capacity > 0) network.add_edge(node(l + 1, i), node(l, j), capacity);
      }
  std::vector<Real> flow;
  for (Index j = 0; j < T; ++j)
    flow.push_back(static_cast<Real>(network.maximum(node(L, position), node(0, j))));
  return flow;
}
// #endregion

}  // namespace attn
