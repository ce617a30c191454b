// A tower of random attention blocks, followed to where its tokens differ by one part in 1e250. Rounding
// hides such a difference in X = 1 xᵀ + R after a few layers, so x and R are carried apart and every step is
// written for R itself: no step subtracts two numbers that are nearly equal. Without skips R shrinks doubly
// exponentially with depth (Dong et al. 2021, theorem 2.2).
#pragma once

#include <cstdint>
#include <vector>

#include "attn/base/tensor.hpp"

namespace attn {

// X = 1 xᵀ + R, T tokens of width D; the rows of R sum to zero.
struct SplitStream {
  Index tokens = 0, width = 0;
  std::vector<double> mean;  // x, [D]
  std::vector<double> rest;  // R, [T, D]
};

enum class TowerNorm { none, pre, post };  // LayerNorm without gain; post: x = N(skip · x + f(x))
struct TowerConfig {
  Index tokens = 32, width = 64, heads = 4, layers = 8;
  double skip = 0;  // x ← skip · x + f(x), around attention and around the MLP
  TowerNorm norm = TowerNorm::none;
  bool mlp = false;  // ReLU, 4 D wide
  bool causal = false;
  double qk_scale = 1;     // on every score, besides 1/√d
  std::uint64_t seed = 1;  // weights N(0, 1 / fan-in), tokens N(0, 1)
};

struct TowerFloor {
  double log10_residual = 0;  // of ‖R‖ / ‖X‖ in the composite norm √(‖·‖₁ ‖·‖_∞); -inf: R is 0
  double mean_cosine = 0;    // of pairs of tokens
  double entropy_ratio = 0;  // of the rows of attention, by the log of what each may see; floor 0: NaN
  double largest_score = 0;
  std::vector<float> cosines;  // [T, T]
};
// layers + 1 floors: the input and what stands behind each block.
std::vector<TowerFloor> collapse_tower(const TowerConfig& config);

// One attention sublayer of the tower and its parts, for tests. Matrices are [in, out], row-major.
struct TowerWeights {
  std::vector<double> query, key, value, output;  // [D, D], heads side by side
};
struct TowerScores {
  double entropy_ratio = 0, largest = 0;
};
SplitStream split_attention(const SplitStream& x, const TowerWeights& w, const TowerConfig& config,
                            TowerScores* scores = nullptr);
SplitStream split_layer_norm(const SplitStream& x);
SplitStream split_relu(const SplitStream& x);

}  // namespace attn
