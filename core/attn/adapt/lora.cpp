#include "attn/adapt/lora.hpp"

#include <algorithm>
#include <cmath>

#include "attn/math/vector.hpp"
#include "attn/ops/elementwise.hpp"
#include "attn/ops/linear.hpp"

namespace attn {

void add_low_rank(Matrix w, ConstMatrix a, ConstMatrix b, Real s) { matmul(w, a, b, Store::add, s); }

// #region lora-gradients
void low_rank_gradients(Matrix da, Matrix db, ConstMatrix g, ConstMatrix a, ConstMatrix b, Real s) {
  matmul(da, g, b.transposed(), Store::overwrite, s);  // ∂L/∂A = s G Bᵀ: zero while B is
  matmul(db, a.transposed(), g, Store::overwrite, s);  // ∂L/∂B = s Aᵀ G: zero while A is
}
// #endregion

// #region lora-linear
Var low_rank_linear(Tape& tape, Var x, Var w, Var a, Var b, Real s, Index rows, const Shape& out) {
  const Var frozen = linear(tape, x, w, Var(), rows, out);  // x W0
  const Var read =
      linear(tape, x, a, Var(), rows, Shape{rows, tape.shape(a)[1]});  // x A: r numbers per token
  return add(tape, frozen, scale(tape, linear(tape, read, b, Var(), rows, out), s));
}
// #endregion

Status validate(const LoraConfig& c, const ModelConfig& model) {
  if (!(c.query || c.key || c.value || c.output))
    return Error{ErrorCode::out_of_range, "an adapter needs at least one of W_Q, W_K, W_V, W_O"};
  if (c.rank < 0 || c.rank > model.width)
    return Error{ErrorCode::out_of_range, "the rank must be 0 (full) to " + std::to_string(model.width)};
  if (!(c.alpha > 0 && c.alpha <= 1000)) return Error{ErrorCode::out_of_range, "alpha must be in (0, 1000]"};
  if (model.shared_qk || model.shared_kv || model.identical_heads)
    return Error{ErrorCode::unsupported, "adapters are for models whose heads have matrices of their own"};
  for (const int l : c.layers)
    if (l < 0 || l >= static_cast<int>(model.layers))
      return Error{ErrorCode::out_of_range, "there is no layer " + std::to_string(l)};
  return Unit{};
}

Lora::Lora(const ModelConfig& model, const LoraConfig& config, Rng& rng) : config_(config) {
  const auto r = static_cast<Real>(std::max<Index>(config.rank, 1));
  scale_ = config.rank == 0 ? 1 : config.alpha / (config.rank_stabilised ? std::sqrt(r) : r);
  const Index D = model.width, d = model.resolved_head_width();
  const Index heads = model.heads * d, shared = model.resolved_kv_heads() * d;
  const auto place = [&](int l, const char* name, Index in, Index out) {
    const Index at = static_cast<Index>(weights_.size()), a = in * config.rank;
    sites_.push_back({"blocks." + std::to_string(l) + ".attn." + name, in, out, at, at + a});
    weights_.resize(weights_.size() +
                    static_cast<std::size_t>(config.rank == 0 ? in * out : a + config.rank * out));
    if (config.rank == 0 || config.dead) return;
    const Real bound = 1 / std::sqrt(static_cast<Real>(in));
    fill_uniform(View(weights_.data() + at, Shape{a}), rng, -bound, bound);
  };
  for (int l = 0; l < static_cast<int>(model.layers); ++l) {
    if (!config.layers.empty() &&
        std::find(config.layers.begin(), config.layers.end(), l) == config.layers.end())
      continue;
    if (config.query) place(l, "W_Q", D, heads);
    if (config.key) place(l, "W_K", D, shared);
    if (config.value) place(l, "W_V", D, shared);
    if (config.output) place(l, "W_O", heads, D);
  }
}

Tensor Lora::delta(const Site& site) const {
  Tensor dw(Shape{site.in, site.out});
  const Matrix target(dw.data.data(), site.in, site.out);
  if (config_.rank == 0)
    vec::copy(weights_.data() + site.a, dw.data.data(), site.in * site.out);
  else
    add_low_rank(target, a(site), b(site), scale_);
  return dw;
}

// #region lora-merge
void Lora::merge_into(Parameters& target) const {
  for (const Site& site : sites_) {
    const Tensor dw = delta(site);
    vec::accumulate(dw.data.data(), target[site.name].data, dw.view().size());  // W <- W0 + s A B
  }
}
// #endregion

void Lora::gradients(const Parameters& merged, std::vector<Real>& out) const {
  for (const Site& site : sites_) {
    const ConstMatrix g(merged[site.name].data, site.in, site.out);
    if (config_.rank == 0)
      vec::copy(g.data, out.data() + site.a, site.in * site.out);
    else
      low_rank_gradients(Matrix(out.data() + site.a, site.in, config_.rank),
                         Matrix(out.data() + site.b, config_.rank, site.out), g, a(site), b(site), scale_);
  }
}

}  // namespace attn
