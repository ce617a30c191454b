#include "attn/analysis/blinding.hpp"

#include <limits>

#include "attn/analysis/activations.hpp"

namespace attn {

// #region blinding
Tensor blinded_logits(const Model& model, const TokenBatch& text, ConstView seen, Blinding how) {
  const Index T = text.length;
  if (text.batch != 1) throw ShapeError("blinded_logits reads one text, not " + std::to_string(text.batch));
  expect_shape("blinded_logits: seen", seen.shape, Shape{T, T});
  const bool evict = how == Blinding::evict;
  const Real unseen = evict ? -std::numeric_limits<Real>::infinity() : 0;
  Hooks hooks;
  std::vector<Hooks::Scope> scopes;
  for (const HookPoint point : in_every_layer(model, evict ? Site::attn_scores : Site::pattern))
    scopes.push_back(hooks.replace(point, [=](HookPoint, View value) {  // [1, H, T, T]
      for (Index i = 0; i < value.size(); ++i)
        if (!(seen[i % (T * T)] > 0)) value[i] = unseen;
    }));
  Tape tape(Tape::Mode::inference);
  ForwardOptions options;
  options.hooks = &hooks;
  const ConstView logits = tape.value(forward(tape, model, text, options));
  return Tensor(logits.shape, std::vector<Real>(logits.begin(), logits.end()));
}
// #endregion blinding

}  // namespace attn
