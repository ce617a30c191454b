// The rows of a batch that differ before the first layer. A token decides its row there, together with its
// place if the model adds positions to the stream; a small alphabet in a large batch repeats itself, and what
// the first layer's heads read of equal rows is computed once.
#pragma once

#include <vector>

#include "attn/base/tensor.hpp"

namespace attn {

struct ModelConfig;
struct TokenBatch;

struct DistinctRows {
  std::vector<TokenId> tokens;     // [U], in order of appearance
  std::vector<TokenId> positions;  // [U], places in their sequences; 0 where the model adds none
  std::vector<TokenId> which;      // [B · T], each token's row among the U

  // Takes the rows of `batch`; true if the model's first layer can use them and enough repeat to pay for
  // spreading the results: a fifth. No allocation once this size was there.
  bool take(const ModelConfig& config, const TokenBatch& batch);

 private:
  std::vector<TokenId> seen_;  // [V · places], the row of a token at a place, from 1
};

}  // namespace attn
