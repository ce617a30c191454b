#include "attn/adapt/head_change.hpp"

#include <cmath>

#include "attn/analysis/activations.hpp"
#include "attn/analysis/similarity.hpp"
#include "attn/math/matmul.hpp"

namespace attn {
namespace {

double d(Real x) { return static_cast<double>(x); }

// ‖B - A‖ / ‖A‖.
Real relative_change(ConstMatrix a, ConstMatrix b) {
  double change = 0, size = 0;
  for (Index i = 0; i < a.rows; ++i)
    for (Index j = 0; j < a.cols; ++j)
      change += (d(b(i, j)) - d(a(i, j))) * (d(b(i, j)) - d(a(i, j))), size += d(a(i, j)) * d(a(i, j));
  return static_cast<Real>(size > 0 ? std::sqrt(change / size) : 0);
}

// Head h's part of a matrix: columns of W_Q, W_K, W_V, rows of W_O.
ConstMatrix part(const Model& m, int layer, int which, Index h) {
  static constexpr const char* names[] = {"W_Q", "W_K", "W_V", "W_O"};
  const Index D = m.config.width, w = m.config.resolved_head_width(), all = m.config.heads * w;
  const ConstView v = m.parameters["blocks." + std::to_string(layer) + ".attn." + names[which]];
  return which == 3 ? ConstMatrix(v.data + h * w * D, w, D) : ConstMatrix(v.data + h * w, D, w, all);
}

// patterns: [B, H, T, T].
Real divergence(const Tensor& before, const Tensor& after, Index h, const Metric& asked) {
  const Index H = before.shape[1], T = before.shape[2];
  double sum = 0;
  for (const Answer& a : asked.answers) {
    const Index row = ((a.sequence * H + h) * T + a.position) * T;
    sum += d(jensen_shannon(before.data.data() + row, after.data.data() + row, T));
  }
  return static_cast<Real>(sum / static_cast<double>(asked.answers.size()));
}

// #region transplant
// `host` with what some heads write (z W_O) taken from `donor`'s run on the same text.
Real transplanted(const Model& host, const Activations& donor, const TokenBatch& batch, const Metric& asked,
                  const std::vector<Slice>& heads) {
  Hooks hooks;
  std::vector<Hooks::Scope> scopes;
  patch(hooks, donor, heads, scopes);
  return accuracy(asked, record(host, batch, {}, &hooks).logits);
}
// #endregion

}  // namespace

HeadChange head_change(const Model& base, const Model& tuned, const TokenBatch& batch, const Metric& asked) {
  const Index L = base.config.layers, H = base.config.heads;
  std::vector<HookPoint> points = in_every_layer(base, Site::result);
  for (const HookPoint& p : in_every_layer(base, Site::pattern)) points.push_back(p);
  const Activations was = record(base, batch, points), is = record(tuned, batch, points);
  HeadChange out{Tensor(Shape{L, H, 4}), Tensor(Shape{L, H}), Tensor(Shape{L, H}),
                 Tensor(Shape{L, H}),    Tensor(Shape{L}),    Tensor(Shape{L})};
  out.base = accuracy(asked, was.logits), out.tuned = accuracy(asked, is.logits);
  for (int l = 0; l < static_cast<int>(L); ++l) {
    const HookPoint pattern{Site::pattern, l}, result{Site::result, l};
    for (Index h = 0; h < H; ++h) {
      const auto at = static_cast<std::size_t>(l * H + h);
      for (int m = 0; m < 4; ++m)
        out.weights.data[at * 4 + static_cast<std::size_t>(m)] =
            relative_change(part(base, l, m, h), part(tuned, l, m, h));
      out.divergence.data[at] = divergence(was.at(pattern), is.at(pattern), h, asked);
      const std::vector<Slice> head{{result, static_cast<int>(h)}};
      out.enough.data[at] = transplanted(base, is, batch, asked, head);
      out.needed.data[at] = transplanted(tuned, was, batch, asked, head);
    }
    const auto at = static_cast<std::size_t>(l);
    out.layer_enough.data[at] = transplanted(base, is, batch, asked, {{result}});
    out.layer_needed.data[at] = transplanted(tuned, was, batch, asked, {{result}});
  }
  return out;
}

}  // namespace attn
