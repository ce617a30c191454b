// Direct logit attribution: the residual stream is a sum, the unembedding is linear, so with the
// final norm's scale frozen the logit is a sum over everything that wrote to the stream.
#include <utility>

#include "attn/analysis/folding.hpp"
#include "attn/analysis/interventions.hpp"

namespace attn {

namespace {

// What was seen at one position, by name of the component that wrote it; D numbers each.
struct Written {
  std::vector<std::pair<Contribution, std::vector<Real>>> parts;
  std::vector<Real> stream;  // the sum: the last resid_post
  Real logit = 0;
};

std::vector<Real> row_at(ConstView value, Index sequence, Index position) {
  const Index T = value.shape[1], width = value.size() / (value.shape[0] * T);
  const Real* row = value.data + (sequence * T + position) * width;
  return std::vector<Real>(row, row + width);
}

// Hooks on every site that writes to the residual stream.
std::vector<Hooks::Scope> watch(Hooks& hooks, const Model& model, Index sequence, Index position,
                                Written& seen) {
  const ModelConfig& c = model.config;
  std::vector<Hooks::Scope> scopes;
  auto part = [&](HookPoint point, std::string name) {
    scopes.push_back(hooks.observe(point, [&seen, name, sequence, position](HookPoint at, ConstView value) {
      Contribution who;
      who.component = name;
      who.layer = at.layer;
      seen.parts.emplace_back(who, row_at(value, sequence, position));
    }));
  };
  // A norm after the embeddings mixes token, position and type: then they are one component.
  if (c.embed_norm || c.token_types > 0) {
    part({Site::resid_pre, 0}, "embed");
  } else {
    part({Site::embed, -1}, "embed");
    part({Site::pos_embed, -1}, "pos_embed");
  }
  for (int layer = 0; layer < static_cast<int>(c.layers); ++layer) {
    scopes.push_back(
        hooks.observe({Site::result, layer}, [&seen, sequence, position](HookPoint at, ConstView value) {
          const Index H = value.shape[2], D = value.shape[3];
          const std::vector<Real> heads = row_at(value, sequence, position);  // [H, D]
          for (Index h = 0; h < H; ++h) {
            const std::string name = "L" + std::to_string(at.layer) + "H" + std::to_string(h);
            seen.parts.emplace_back(Contribution{name, at.layer, static_cast<int>(h), 0},
                                    std::vector<Real>(heads.begin() + h * D, heads.begin() + (h + 1) * D));
          }
        }));
    if (c.mlp != MlpKind::none) part({Site::mlp_out, layer}, "mlp" + std::to_string(layer));
  }
  scopes.push_back(hooks.observe({Site::resid_post, static_cast<int>(c.layers) - 1},
                                 [&seen, sequence, position](HookPoint, ConstView value) {
                                   seen.stream = row_at(value, sequence, position);
                                 }));
  return scopes;
}

// Attention's output biases go through the frozen norm; the norm's own bias and the unembedding's do not.
double bias_logit(const Model& model, const std::vector<double>& direction, double scale, TokenId target) {
  const ModelConfig& c = model.config;
  double logit = 0;
  for (Index layer = 0; layer < c.layers; ++layer) {
    const std::string name = "blocks." + std::to_string(layer) + ".attn.b_O";
    if (!model.parameters.has(name)) continue;
    const ConstView b = model.parameters[name];
    for (Index i = 0; i < c.width; ++i)
      logit += scale * static_cast<double>(b[i]) * direction[static_cast<std::size_t>(i)];
  }
  if (has_final_norm(c) && model.parameters.has("ln_final.b")) {
    const ConstView b = model.parameters["ln_final.b"];
    const ConstMatrix w_u =
        c.tied ? embedding(model).transposed() : as_matrix(ConstView(model.parameters["unembed.W_U"]));
    for (Index i = 0; i < c.width; ++i)
      logit += static_cast<double>(b[i]) * static_cast<double>(w_u(i, target));
  }
  if (model.parameters.has("unembed.b_U"))
    logit += static_cast<double>(model.parameters["unembed.b_U"][target]);
  return logit;
}

}  // namespace

// #region logit-attribution
Attribution direct_logit_attribution(const Model& model, const TokenBatch& batch, Index sequence,
                                     Index position, TokenId target) {
  const ModelConfig& c = model.config;
  if (c.norm == NormPlacement::post)
    throw ShapeError("logit attribution needs a residual stream that is a sum: not a post-norm model");
  if (sequence < 0 || sequence >= batch.batch || position < 0 || position >= batch.length || target < 0 ||
      target >= c.vocab)
    throw ShapeError("logit attribution: sequence, position or target is out of range");

  Written seen;
  Hooks hooks;
  const std::vector<Hooks::Scope> scopes = watch(hooks, model, sequence, position, seen);
  Tape tape(Tape::Mode::inference);
  const ConstView logits = tape.value(forward(tape, model, batch, ForwardOptions{&hooks, nullptr, nullptr}));

  const std::vector<double> direction = logit_direction(model, target);
  const double scale = frozen_scale(c, seen.stream);

  Attribution out;
  double total = 0;
  auto add = [&](Contribution who, double logit) {
    who.logit = static_cast<Real>(logit);
    total += logit;
    out.parts.push_back(std::move(who));
  };
  for (auto& part : seen.parts) {
    double logit = 0;
    for (std::size_t i = 0; i < part.second.size(); ++i)
      logit += static_cast<double>(part.second[i]) * direction[i];
    if (part.first.component == "embed") part.first.layer = -1;
    add(part.first, scale * logit);
  }
  const double bias = bias_logit(model, direction, scale, target);
  if (bias != 0) add(Contribution{"bias", -1, -1, 0}, bias);
  out.total = static_cast<Real>(total);
  out.logit = logits[(sequence * batch.length + position) * c.vocab + target];
  return out;
}
// #endregion

}  // namespace attn
