#include "attn/analysis/head_writes.hpp"

#include <algorithm>
#include <cmath>

#include "attn/analysis/activations.hpp"

namespace attn {
namespace {

Real length_of(const Real* x, Index n) {
  double squares = 0;
  for (Index i = 0; i < n; ++i) squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return static_cast<Real>(std::sqrt(squares));
}

}  // namespace

HeadWrites head_writes(const Model& model, const TokenBatch& batch, const std::vector<Answer>& answers) {
  const Index L = model.config.layers, H = model.config.heads, D = model.config.width;
  const std::vector<HookPoint> points = in_every_layer(model, Site::result);
  const Activations run = record(model, batch, points);
  const Index rows = batch.batch * batch.length, asked = static_cast<Index>(answers.size());
  std::vector<bool> counts(static_cast<std::size_t>(rows));
  for (const Answer& a : answers)
    counts[static_cast<std::size_t>(a.sequence * batch.length + a.position)] = true;
  const Shape shape{L, H};
  HeadWrites out{Tensor(shape), Tensor(shape), Tensor(shape)};
  for (Index l = 0; l < L; ++l) {
    const Tensor& x = run.at(points[static_cast<std::size_t>(l)]);  // [B, T, H, D]
    for (Index r = 0; r < rows; ++r)
      for (Index h = 0; h < H; ++h) {
        const Real length = length_of(x.data.data() + (r * H + h) * D, D);
        const bool here = counts[static_cast<std::size_t>(r)];
        Real& largest = out.largest.view()[l * H + h];
        (here ? out.asked : out.other).view()[l * H + h] +=
            length / static_cast<Real>(std::max<Index>(here ? asked : rows - asked, 1));
        largest = std::max(largest, length);
      }
  }
  return out;
}

}  // namespace attn
