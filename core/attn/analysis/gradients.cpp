#include "attn/analysis/gradients.hpp"

#include <utility>

#include "attn/analysis/token_gates.hpp"
#include "attn/attention/heads.hpp"
#include "attn/attention/mix.hpp"
#include "attn/math/vector.hpp"

namespace attn {
namespace {

Tensor copy_of(ConstView v) { return Tensor(v.shape, std::vector<Real>(v.begin(), v.end())); }

// The values whose gradients the tape must keep: a pattern's follows from its z.
std::vector<WatchedValue> watched_for(const std::vector<HookPoint>& points) {
  std::vector<WatchedValue> watched;
  for (HookPoint p : points) {
    const HookPoint at{p.site == Site::pattern ? Site::z : p.site, p.layer};
    bool known = false;
    for (const WatchedValue& w : watched) known = known || w.point == at;
    if (!known) watched.push_back({at});
  }
  return watched;
}

Var value_of(const std::vector<WatchedValue>& watched, HookPoint point) {
  for (const WatchedValue& w : watched)
    if (w.point == point && w.value.valid()) return w.value;
  throw ShapeError("the model has no " + to_string(point));
}

// Patterns, and the values they mix, as the run shows them.
std::vector<Hooks::Scope> keep_patterns(Hooks& hooks, const std::vector<HookPoint>& points,
                                        Activations& patterns) {
  std::vector<Hooks::Scope> scopes;
  const auto keep = [&patterns](HookPoint at, ConstView value) { patterns.set(at, copy_of(value)); };
  for (HookPoint p : points) {
    if (p.site != Site::pattern) continue;
    scopes.push_back(hooks.observe(p, keep));
    scopes.push_back(hooks.observe({Site::v, p.layer}, keep));
  }
  return scopes;
}

// x: [B, H, T, S], every row times its query's gate, [B, T, H].
void scale_rows(Tensor& x, const Tensor& gates) {
  const Index H = x.shape[1], T = x.shape[2], S = x.shape[3];
  for (Index b = 0; b < x.shape[0]; ++b)
    for (Index h = 0; h < H; ++h)
      for (Index t = 0; t < T; ++t) {
        Real* row = x.data.data() + ((b * H + h) * T + t) * S;
        vec::scale(gates.view()[(b * T + t) * H + h], row, row, S);
      }
}

}  // namespace

ActivationGradients activation_gradients(const Model& model, const TokenBatch& batch, const Metric& metric,
                                         const std::vector<HookPoint>& points) {
  std::vector<WatchedValue> watched = watched_for(points);
  Hooks hooks;
  Activations patterns;
  const std::vector<Hooks::Scope> scopes = keep_patterns(hooks, points, patterns);
  Tape tape(Tape::Mode::training);
  ForwardOptions options;
  options.hooks = &hooks;
  options.watched = &watched;
  const Var m = measure(tape, forward(tape, model, batch, options), metric);
  ActivationGradients out;
  out.metric = tape.value(m)[0];
  tape.backward(m);
  for (HookPoint p : points) {
    if (p.site == Site::pattern) {
      const Var z = value_of(watched, {Site::z, p.layer});
      Tensor gradient = pattern_gradient(tape.grad(z), patterns.at({Site::v, p.layer}));
      if (model.config.token_gates)
        scale_rows(gradient, token_gates(tape.value(z), patterns.at(p), patterns.at({Site::v, p.layer})));
      out.gradients.set(p, std::move(gradient));
      out.values.set(p, patterns.at(p));
    } else {
      const Var v = value_of(watched, p);
      out.gradients.set(p, copy_of(tape.grad(v)));
      out.values.set(p, copy_of(tape.value(v)));
    }
  }
  return out;
}

Tensor pattern_gradient(ConstView dz, ConstView v) {
  const ConstHeads z = token_major(dz), values = token_major(v);
  Tensor out(Shape{z.batch, z.heads, z.tokens, values.tokens});
  for (Index b = 0; b < z.batch; ++b)
    for (Index h = 0; h < z.heads; ++h)  // Z = P V, so dP = dZ Vᵀ
      matmul(map_of(out.view(), b, h), z.matrix(b, h),
             values.matrix(b, h / (z.heads / values.heads)).transposed());
  return out;
}

}  // namespace attn
