#include "attn/train/text_windows.hpp"

#include "attn/math/random.hpp"

namespace attn {

TextWindows::TextWindows(Index tokens, Index stride, Index reach, std::uint64_t seed)
    : stride_(stride), per_epoch_((tokens - reach - (stride - 1)) / stride + 1), seed_(seed) {
  if (stride < 1 || reach < 1 || tokens < reach + stride - 1)
    throw ShapeError("a text of " + std::to_string(tokens) + " tokens has no window of " +
                     std::to_string(reach));
}

void TextWindows::cut(Index epoch) {
  if (epoch == epoch_) return;
  Rng rng(seed_, (static_cast<std::uint64_t>(epoch) << 8) | 1);  // data streams end in 1 (trainer.hpp)
  shift_ = rng.below(stride_);
  order_ = permutation(per_epoch_, rng);
  epoch_ = epoch;
}

Index TextWindows::start(Index n) {
  cut(n / per_epoch_);
  return shift_ + stride_ * order_[static_cast<std::size_t>(n % per_epoch_)];
}

void read_windows(const TokenText& text, const Index* starts, Index batch, Index length, TextBatch& out) {
  const std::size_t positions = static_cast<std::size_t>(batch * length);
  out.inputs.batch = batch;
  out.inputs.length = length;
  out.inputs.tokens.resize(positions);
  out.targets.resize(positions);
  out.weights.assign(positions, Real(1));
  for (Index b = 0; b < batch; ++b) {
    if (starts[b] < 0 || starts[b] + length > text.count)
      throw ShapeError("a window of " + std::to_string(length) + " at " + std::to_string(starts[b]) +
                       " is outside the text of " + std::to_string(text.count) + " tokens");
    const std::uint16_t* tokens = text.tokens + starts[b];
    TokenId* inputs = out.inputs.tokens.data() + b * length;
    TokenId* targets = out.targets.data() + b * length;
    for (Index t = 0; t < length; ++t) {
      inputs[t] = t == 0 ? separator_token : tokens[t - 1];
      targets[t] = tokens[t];
    }
    out.weights[static_cast<std::size_t>(b * length)] = 0;
  }
}

}  // namespace attn
