// Low-rank adapters on the attention matrices of a frozen model (Hu et al. 2022, "LoRA", section 4.1). The
// paper writes h = W0 x + (α/r) B A x for columns; here tokens are rows, so the factor that reads comes
// first:
//
//   y = x W0 + s (x A) B,   A: [in, r] random,  B: [r, out] zero,   s = α/r, or α/√r (Kalajdzievski 2023)
//
// The heads of a layer share one A on W_Q, W_K and W_V: head h owns the columns h·d … of B. On W_O it is the
// other way round: head h owns rows of A, and what is written lies in the row space of one B.
#pragma once

#include <string>
#include <vector>

#include "attn/math/matmul.hpp"
#include "attn/model/transformer.hpp"

namespace attn {

// The products that everything here is made of, and their derivatives. W: [in, out].
void add_low_rank(Matrix w, ConstMatrix a, ConstMatrix b, Real s);  // W += s A B
// From G = ∂L/∂W at the merged W: ∂L/∂A = s G Bᵀ, ∂L/∂B = s Aᵀ G.
void low_rank_gradients(Matrix da, Matrix db, ConstMatrix g, ConstMatrix a, ConstMatrix b, Real s);
// x W + s (x A) B on the tape, never forming W + sAB: how an adapter is trained beside a large frozen matrix.
Var low_rank_linear(Tape& tape, Var x, Var w, Var a, Var b, Real s, Index rows, const Shape& out);

struct LoraConfig {
  bool query = false, key = false, value = false, output = false;
  std::vector<int> layers;  // empty: all
  Index rank = 4;           // 0: no factors, ΔW itself is trained (full fine-tuning of these matrices)
  Real alpha = 4;
  bool rank_stabilised = false;
  bool dead = false;  // A = 0 as well as B: the start from which nothing moves
};
Status validate(const LoraConfig& config, const ModelConfig& model);

class Lora {
 public:
  struct Site {
    std::string name;  // "blocks.0.attn.W_Q"
    Index in, out;
    Index a, b;  // offsets into weights(); of ΔW itself: a, and b = a
  };
  // A ~ U(±1/√in), as the authors' package and PEFT draw it (the paper says Gaussian); B = 0.
  Lora(const ModelConfig& model, const LoraConfig& config, Rng& rng);

  const std::vector<Site>& sites() const { return sites_; }
  Real scale() const { return scale_; }
  std::vector<Real>& weights() { return weights_; }
  const std::vector<Real>& weights() const { return weights_; }

  ConstMatrix a(const Site& site) const { return {weights_.data() + site.a, site.in, config_.rank}; }
  ConstMatrix b(const Site& site) const { return {weights_.data() + site.b, config_.rank, site.out}; }
  Tensor delta(const Site& site) const;  // ΔW, [in, out]

  // `target` holds the base's weights; adds every ΔW.
  void merge_into(Parameters& target) const;
  // Chain rule from the gradients of the merged model; `out` like weights().
  void gradients(const Parameters& merged, std::vector<Real>& out) const;

 private:
  LoraConfig config_;
  Real scale_;
  std::vector<Site> sites_;
  std::vector<Real> weights_;
};

}  // namespace attn
