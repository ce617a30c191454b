#include "attn/analysis/logit_lens.hpp"

#include <cmath>

#include "attn/analysis/activations.hpp"
#include "attn/math/softmax.hpp"
#include "attn/ops/linear.hpp"
#include "attn/ops/norm.hpp"

namespace attn {
namespace {

Var constant_or_none(Tape& tape, const Model& model, const char* name) {
  return model.parameters.has(name) ? tape.constant(model.parameters[name]) : Var{};
}

}  // namespace

Tensor read_out(const Model& model, ConstView stream) {
  const ModelConfig& c = model.config;
  Tape tape(Tape::Mode::inference);
  Var x = tape.constant(stream);
  if (c.has_final_norm()) {
    const Var gain = constant_or_none(tape, model, "ln_final.w");
    x = c.norm_kind == NormKind::rms_norm
            ? rms_norm(tape, x, gain, c.norm_epsilon)
            : layer_norm(tape, x, gain, constant_or_none(tape, model, "ln_final.b"), c.norm_epsilon);
  }
  LinearOptions options;
  options.transposed = c.tied;
  Shape out = stream.shape;
  out.set(-1, c.vocab);
  const Var w = tape.constant(model.parameters[c.tied ? "embed.W_E" : "unembed.W_U"]);
  const ConstView logits = tape.value(linear(tape, x, w, constant_or_none(tape, model, "unembed.b_U"),
                                             stream.size() / c.width, out, options));
  return Tensor(logits.shape, std::vector<Real>(logits.begin(), logits.end()));
}

std::vector<Tensor> logit_lens(const Model& model, const TokenBatch& batch) {
  if (!model.config.unembed || model.config.layers == 0)
    throw ShapeError("the logit lens needs layers and an unembedding");
  std::vector<HookPoint> points{{Site::resid_pre, 0}};
  for (HookPoint point : in_every_layer(model, Site::resid_post)) points.push_back(point);
  const Activations run = record(model, batch, points);
  std::vector<Tensor> lens;
  for (HookPoint point : points) lens.push_back(read_out(model, run.at(point)));
  return lens;
}

std::vector<LensState> lens_states(const std::vector<Tensor>& lens, Index sequence, Index position,
                                   TokenId target) {
  std::vector<LensState> out;
  const auto row = [&](const Tensor& x) { return x.view().sub(sequence).sub(position); };  // [V]
  if (lens.empty()) return out;
  const ConstView final_row = row(lens.back());
  const Index V = final_row.size();
  const double final_sum = static_cast<double>(log_sum_exp(final_row.data, V));
  for (const Tensor& each : lens) {
    const ConstView x = row(each);
    const double sum = static_cast<double>(log_sum_exp(x.data, V));
    LensState state;
    double divergence = 0;
    for (Index v = 0; v < V; ++v) {
      if (x[v] > x[state.top]) state.top = static_cast<TokenId>(v);
      if (x[v] > x[target]) ++state.rank;
      const double log_final = static_cast<double>(final_row[v]) - final_sum;
      divergence += std::exp(log_final) * (log_final - (static_cast<double>(x[v]) - sum));
    }
    state.probability = static_cast<Real>(std::exp(static_cast<double>(x[target]) - sum));
    state.divergence = static_cast<Real>(divergence);
    out.push_back(state);
  }
  return out;
}

}  // namespace attn
