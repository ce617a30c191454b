#include "attn/analysis/attribution_patching.hpp"

#include <algorithm>
#include <cmath>

#include "attn/analysis/correlation.hpp"

namespace attn {
namespace {

// ⟨∂m/∂a, a' - a⟩ over the rows of one slice.
double first_order(const Slice& slice, const Tensor& gradient, const Tensor& own, const Tensor& other) {
  expect_shape("attribution patching: the other prompt's activation", other.shape, own.shape);
  double sum = 0;
  for (Index row : slice_rows_of(slice, own.shape))
    for (Index i = row; i < row + own.shape[-1]; ++i) {
      const auto at = static_cast<std::size_t>(i);
      sum += static_cast<double>(gradient.data[at]) *
             (static_cast<double>(other.data[at]) - static_cast<double>(own.data[at]));
    }
  return sum;
}

}  // namespace

// #region attribution-patching
std::vector<Real> attribution_patching(const Model& model, const TokenBatch& batch, const TokenBatch& source,
                                       const Metric& metric, const std::vector<std::vector<Slice>>& patches) {
  const std::vector<HookPoint> points = points_of(patches);
  const Activations other = record(model, source, points);
  const ActivationGradients here = activation_gradients(model, batch, metric, points);
  std::vector<Real> estimate;
  for (const std::vector<Slice>& slices : patches) {
    double sum = 0;
    for (const Slice& s : slices)
      sum += first_order(s, here.gradients.at(s.point), here.values.at(s.point), other.at(s.point));
    estimate.push_back(static_cast<Real>(sum));
  }
  return estimate;
}
// #endregion

AttributionError attribution_error(const Model& model, const TokenBatch& batch, const TokenBatch& source,
                                   const Metric& metric, const std::vector<std::vector<Slice>>& patches) {
  AttributionError out;
  out.estimate = attribution_patching(model, batch, source, metric, patches);
  const Activations other = record(model, source, points_of(patches));
  const Real before = measure(metric, record(model, batch, {}).logits);
  double along = 0, squares = 0;
  for (std::size_t i = 0; i < patches.size(); ++i) {
    out.exact.push_back(patched_metric(model, batch, metric, other, patches[i]) - before);
    along += static_cast<double>(out.estimate[i]) * static_cast<double>(out.exact[i]);
    squares += static_cast<double>(out.exact[i]) * static_cast<double>(out.exact[i]);
    out.largest = std::max(out.largest, std::abs(out.estimate[i] - out.exact[i]));
  }
  out.pearson = pearson(out.estimate, out.exact);
  out.spearman = spearman(out.estimate, out.exact);
  out.slope = squares > 0 ? static_cast<Real>(along / squares) : Real(0);
  return out;
}

}  // namespace attn
