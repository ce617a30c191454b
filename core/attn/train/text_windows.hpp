// Which pieces of a long token stream a language model reads, and in what order.
#pragma once

#include <cstdint>
#include <vector>

#include "attn/base/real.hpp"
#include "attn/model/transformer.hpp"

namespace attn {

// A corpus as token numbers, in somebody else's memory (a mapped file).
struct TokenText {
  const std::uint16_t* tokens = nullptr;
  Index count = 0;
};

inline constexpr TokenId separator_token = 0;  // «<|конец|>» between documents, and before every text

// The stream is cut at a random place and from there into windows, which are read in random order until
// none is left; then it is cut anew. So a window starts anywhere, and an epoch shows every token
// once. Window n of a run is a function of the seed and n alone.
class TextWindows {
 public:
  // stride: tokens from one window to the next; `reach`: tokens a window needs from its start.
  TextWindows(Index tokens, Index stride, Index reach, std::uint64_t seed);
  Index start(Index n);
  Index per_epoch() const { return per_epoch_; }

 private:
  void cut(Index epoch);
  Index stride_, per_epoch_;
  std::uint64_t seed_;
  Index epoch_ = -1, shift_ = 0;
  std::vector<Index> order_;
};

struct TextBatch {
  TokenBatch inputs;             // [B, T]
  std::vector<TokenId> targets;  // [B, T]
  std::vector<Real> weights;     // [B, T], 1 where the loss counts
};

// Row b holds the separator and the T - 1 tokens that follow starts[b]: a text given to the model begins
// so too. The separator's own prediction does not count: the text did not begin there.
void read_windows(const TokenText& text, const Index* starts, Index batch, Index length, TextBatch& out);

}  // namespace attn
