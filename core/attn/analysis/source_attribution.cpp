#include "attn/analysis/source_attribution.hpp"

#include "attn/analysis/activations.hpp"
#include "attn/analysis/folding.hpp"
#include "attn/analysis/token_gates.hpp"
#include "attn/attention/heads.hpp"

namespace attn {
namespace {

// What one unit along each coordinate of the stream adds to logit(right) - logit(wrong).
std::vector<double> answer_direction(const Model& model, const Answer& answer, const ConstView& stream) {
  std::vector<double> direction = logit_direction(model, answer.right);
  if (answer.wrong >= 0) {
    const std::vector<double> other = logit_direction(model, answer.wrong);
    for (std::size_t i = 0; i < direction.size(); ++i) direction[i] -= other[i];
  }
  const ConstView x = stream.sub(answer.sequence).sub(answer.position);
  const double scale = frozen_scale(model.config, std::vector<Real>(x.begin(), x.end()));
  for (double& u : direction) u *= scale;
  return direction;
}

// W_O^h u: what one unit along each coordinate of z adds to the logit, d numbers.
std::vector<double> read_through(ConstMatrix output, const std::vector<double>& direction) {
  std::vector<double> out(static_cast<std::size_t>(output.rows));
  for (Index i = 0; i < output.rows; ++i)
    for (Index j = 0; j < output.cols; ++j)
      out[static_cast<std::size_t>(i)] +=
          static_cast<double>(output(i, j)) * direction[static_cast<std::size_t>(j)];
  return out;
}

}  // namespace

// #region source-attribution
Tensor source_attribution(const Model& model, const TokenBatch& batch, const Answer& answer) {
  const ModelConfig& c = model.config;
  if (c.norm == NormPlacement::post)
    throw ShapeError("logit attribution needs a residual stream that is a sum: not a post-norm model");
  if (answer.sequence < 0 || answer.sequence >= batch.batch || answer.position < 0 ||
      answer.position >= batch.length || answer.right < 0 || answer.right >= c.vocab ||
      answer.wrong >= c.vocab)
    throw ShapeError("source attribution: sequence, position or token is out of range");
  const HookPoint last{Site::resid_post, static_cast<int>(c.layers) - 1};
  std::vector<HookPoint> points{last};
  for (Site site : {Site::pattern, Site::v, Site::z})
    for (HookPoint point : in_every_layer(model, site)) points.push_back(point);
  const Activations run = record(model, batch, points);
  const std::vector<double> direction = answer_direction(model, answer, run.at(last));

  Tensor out(Shape{c.layers, c.heads, batch.length});
  for (int l = 0; l < static_cast<int>(c.layers); ++l) {
    const Tensor gates =
        c.token_gates ? token_gates(run.at({Site::z, l}), run.at({Site::pattern, l}), run.at({Site::v, l}))
                      : Tensor();
    for (int h = 0; h < static_cast<int>(c.heads); ++h) {
      const std::vector<double> read = read_through(head_matrices(model, l, h).output, direction);
      const ConstHeads v = token_major(run.at({Site::v, l}).view());
      const ConstMatrix p = map_of(run.at({Site::pattern, l}).view(), answer.sequence, h);
      const Index shared = h / (c.heads / v.heads);
      const double gate =
          c.token_gates ? static_cast<double>(gates.view().sub(answer.sequence).sub(answer.position)[h]) : 1;
      for (Index s = 0; s < batch.length; ++s) {
        const Real* value = v.vector(answer.sequence, s, shared);
        double logit = 0;
        for (std::size_t i = 0; i < read.size(); ++i) logit += static_cast<double>(value[i]) * read[i];
        out.view()[(l * c.heads + h) * batch.length + s] =
            static_cast<Real>(gate * static_cast<double>(p(answer.position, s)) * logit);
      }
    }
  }
  return out;
}
// #endregion

}  // namespace attn
