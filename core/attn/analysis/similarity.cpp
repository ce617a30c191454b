#include "attn/analysis/similarity.hpp"

#include <cmath>
#include <limits>

#include "attn/analysis/activations.hpp"
#include "attn/analysis/folding.hpp"
#include "attn/attention/heads.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

double d(Real x) { return static_cast<double>(x); }

Tensor centred(ConstView a) {
  const Index N = a.shape[0], p = a.shape[1];
  Tensor out(a.shape, std::vector<Real>(a.begin(), a.end()));
  for (Index j = 0; j < p; ++j) {
    double mean = 0;
    for (Index i = 0; i < N; ++i) mean += d(a[i * p + j]) / static_cast<double>(N);
    for (Index i = 0; i < N; ++i) out.view()[i * p + j] = static_cast<Real>(d(a[i * p + j]) - mean);
  }
  return out;
}

double norm_of_product(const Tensor& a, const Tensor& b) {  // ‖AᵀB‖_F
  const Tensor c = product(as_matrix(a.view()).transposed(), as_matrix(b.view()));
  return std::sqrt(d(vec::sum_squares(c.data.data(), c.size())));
}

Real cka(const Tensor& a, double aa, const Tensor& b, double bb) {
  if (!(aa > 0) || !(bb > 0)) return std::numeric_limits<Real>::quiet_NaN();
  const double ab = norm_of_product(a, b);
  return static_cast<Real>(ab / aa * (ab / bb));
}

bool counts(const TokenBatch& batch, Index b, Index t) {
  return batch.lengths.empty() || t < batch.lengths[static_cast<std::size_t>(b)];
}

// One head's write at every counted token, [N, D], centred.
Tensor head_output(const Model& model, const Tensor& z, const TokenBatch& batch, HookPoint point, int head) {
  const Index B = z.shape[0], T = z.shape[1], H = z.shape[2], width = z.shape[3];
  std::vector<Real> rows;
  for (Index b = 0; b < B; ++b)
    for (Index t = 0; t < T; ++t) {
      if (!counts(batch, b, t)) continue;
      const Real* from = z.data.data() + ((b * T + t) * H + head) * width;
      rows.insert(rows.end(), from, from + width);
    }
  const Tensor own(Shape{static_cast<Index>(rows.size()) / width, width}, rows);
  const HeadMatrices w = head_matrices(model, point.layer, head);
  return centred(product(as_matrix(own.view()), w.output));
}

double mean_divergence(ConstView p, Index h, ConstView q, Index g, const TokenBatch& batch) {
  const Index B = p.shape[0], T = p.shape[2], S = p.shape[3];
  double sum = 0;
  Index rows = 0;
  for (Index b = 0; b < B; ++b)
    for (Index t = 0; t < T; ++t) {
      if (!counts(batch, b, t)) continue;
      sum += d(jensen_shannon(map_of(p, b, h).data + t * S, map_of(q, b, g).data + t * S, S));
      ++rows;
    }
  return rows ? sum / static_cast<double>(rows) : 0;
}

}  // namespace

// #region jensen-shannon
Real jensen_shannon(const Real* p, const Real* q, Index n) {
  double sum = 0;
  for (Index i = 0; i < n; ++i) {
    const double a = d(p[i]), b = d(q[i]), m = (a + b) / 2;
    sum += ((a > 0 ? a * std::log2(a / m) : 0) + (b > 0 ? b * std::log2(b / m) : 0)) / 2;
  }
  return static_cast<Real>(sum);
}
// #endregion

Real linear_cka(ConstView a, ConstView b) {
  if (a.shape.rank() != 2 || b.shape.rank() != 2 || a.shape[0] != b.shape[0])
    throw ShapeError("CKA needs as many rows on both sides, got " + to_string(a.shape) + " and " +
                     to_string(b.shape));
  const Tensor ca = centred(a), cb = centred(b);
  return cka(ca, norm_of_product(ca, ca), cb, norm_of_product(cb, cb));
}

HeadSimilarity head_similarity(const Model& model, const TokenBatch& batch) {
  std::vector<HookPoint> points = in_every_layer(model, Site::pattern);
  for (HookPoint point : in_every_layer(model, Site::z)) points.push_back(point);
  const Activations run = record(model, batch, points);
  const Index H = model.config.heads, n = model.config.layers * H;
  std::vector<Tensor> outputs;
  std::vector<double> norms;
  for (HookPoint point : in_every_layer(model, Site::z))
    for (int h = 0; h < static_cast<int>(H); ++h) {
      outputs.push_back(head_output(model, run.at(point), batch, point, h));
      norms.push_back(norm_of_product(outputs.back(), outputs.back()));
    }
  HeadSimilarity out{Tensor(Shape{n, n}), Tensor(Shape{n, n})};
  for (Index a = 0; a < n; ++a)
    for (Index b = a; b < n; ++b) {
      const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
      const Tensor& p = run.at({Site::pattern, static_cast<int>(a / H)});
      const Tensor& q = run.at({Site::pattern, static_cast<int>(b / H)});
      const Real distance = static_cast<Real>(mean_divergence(p, a % H, q, b % H, batch));
      const Real alike = cka(outputs[i], norms[i], outputs[j], norms[j]);
      for (Index at : {a * n + b, b * n + a}) {
        out.pattern_distance.view()[at] = distance;
        out.output_cka.view()[at] = alike;
      }
    }
  return out;
}

}  // namespace attn
