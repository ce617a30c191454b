#include "attn/analysis/head_roles.hpp"

#include <algorithm>

namespace attn {

// #region head-roles
void HeadRoleMeans::add_row(const Real* a, Index t, const TokenId* x, const WordLayout& layout) {
  scores_.add_row(a, t, x);
  add_offsets(a, t);
  const auto word = [&layout](Index s) { return layout.word[static_cast<std::size_t>(s)]; };
  double inside = 0, marks = 0;
  bool continues = false, marked = false;
  for (Index s = 0; s < t; ++s) {
    if (word(s) < 0) continue;
    if (word(s) == word(t)) {
      continues = true;
      inside += static_cast<double>(a[s]);
    }
    if (layout.punctuation[static_cast<std::size_t>(word(s))]) {
      marked = true;
      marks += static_cast<double>(a[s]);
    }
  }
  if (continues) inside_.add(inside);
  if (marked) punctuation_.add(marks);
  if (t > 0 && word(t) >= 0 && word(t - 1) >= 0 && word(t - 1) != word(t))
    previous_across_.add(static_cast<double>(a[t - 1]));
}

void HeadRoleMeans::add_offsets(const Real* a, Index t) {
  const Index largest = std::max_element(a, a + t + 1) - a;
  for (Index k = 1; k <= max_offset && k < t; ++k) {
    weight_[static_cast<std::size_t>(k - 1)].add(static_cast<double>(a[t - k]));
    top_[static_cast<std::size_t>(k - 1)].add(largest == t - k ? 1 : 0);
  }
}
// #endregion

HeadRoles HeadRoleMeans::value(int layer, int head) const {
  HeadRoles r;
  r.scores = scores_.value(layer, head);
  r.previous_across = previous_across_.value();
  r.inside = inside_.value();
  r.punctuation = punctuation_.value();
  const auto best = std::max_element(weight_.begin(), weight_.end(), [](const RowMean& p, const RowMean& q) {
    return p.value() < q.value();
  });
  const std::size_t k = static_cast<std::size_t>(best - weight_.begin());
  r.offset = static_cast<int>(k) + 1;
  r.offset_weight = best->value();
  r.offset_top = top_[k].value();
  return r;
}

RoleMeter::RoleMeter(Index layers, Index heads)
    : layers_(layers), heads_(heads), means_(static_cast<std::size_t>(layers * heads)) {}

void RoleMeter::add(const std::vector<Tensor>& patterns, const std::vector<TokenId>& tokens,
                    const WordLayout& layout) {
  const Index T = static_cast<Index>(tokens.size());
  if (static_cast<Index>(patterns.size()) != layers_ || layout.word.size() != tokens.size())
    throw ShapeError("RoleMeter: " + std::to_string(patterns.size()) + " patterns and " +
                     std::to_string(layout.word.size()) + " word indices for " + std::to_string(layers_) +
                     " layers and " + std::to_string(T) + " tokens");
  for (Index l = 0; l < layers_; ++l) {
    const Tensor& pattern = patterns[static_cast<std::size_t>(l)];
    if (pattern.size() != heads_ * T * T)
      expect_shape("RoleMeter: pattern", pattern.shape, Shape{heads_, T, T});
    for (Index h = 0; h < heads_; ++h)
      for (Index t = 0; t < T; ++t)
        means_[static_cast<std::size_t>(l * heads_ + h)].add_row(pattern.data.data() + (h * T + t) * T, t,
                                                                 tokens.data(), layout);
  }
  std::vector<Real> row;
  for (Index t = 0; t < T; ++t) {
    row.assign(static_cast<std::size_t>(t + 1), Real(1) / static_cast<Real>(t + 1));
    uniform_.add_row(row.data(), t, tokens.data(), layout);
  }
}

std::vector<HeadRoles> RoleMeter::roles() const {
  std::vector<HeadRoles> out;
  for (Index l = 0; l < layers_; ++l)
    for (Index h = 0; h < heads_; ++h)
      out.push_back(
          means_[static_cast<std::size_t>(l * heads_ + h)].value(static_cast<int>(l), static_cast<int>(h)));
  return out;
}

std::vector<Tensor> patterns_of(const Model& model, const std::vector<TokenId>& tokens) {
  TokenBatch batch;
  batch.batch = 1;
  batch.length = static_cast<Index>(tokens.size());
  batch.tokens = tokens;
  if (model.config.token_types) batch.types.assign(tokens.size(), 0);
  std::vector<Tensor> patterns(static_cast<std::size_t>(model.config.layers));
  Hooks hooks;
  std::vector<Hooks::Scope> scopes;
  for (int layer = 0; layer < static_cast<int>(model.config.layers); ++layer)
    scopes.push_back(hooks.observe({Site::pattern, layer}, [&patterns](HookPoint point, ConstView value) {
      Tensor& copy = patterns[static_cast<std::size_t>(point.layer)];
      copy = Tensor(value.shape, std::vector<Real>(value.begin(), value.end()));
    }));
  Tape tape(Tape::Mode::inference);
  forward(tape, model, batch, ForwardOptions{&hooks, nullptr, nullptr});
  return patterns;
}

}  // namespace attn
