#include "attn/io/range_coder.hpp"

namespace attn::io {

namespace {

constexpr std::uint32_t least_range = 1u << 24;

}  // namespace

void RangeEncoder::put(BitContext& context, bool bit) {
  const std::uint32_t bound = (range_ >> 11) * context.zero();
  if (bit) {
    low_ += bound;
    range_ -= bound;
  } else {
    range_ = bound;
  }
  context.learn(bit);
  while (range_ < least_range) {
    range_ <<= 8;
    shift();
  }
}

// Moves the top byte of `low` out. A byte of 0xFF waits: a carry may still turn it into 0x00.
void RangeEncoder::shift() {
  if (low_ < 0xFF000000u || low_ > 0xFFFFFFFFu) {
    const auto carry = static_cast<std::uint8_t>(low_ >> 32);
    for (std::uint8_t byte = cache_; pending_ > 0; --pending_, byte = 0xFF)
      bytes_.push_back(static_cast<std::uint8_t>(byte + carry));
    cache_ = static_cast<std::uint8_t>(low_ >> 24 & 0xFF);
  }
  ++pending_;
  low_ = (low_ & 0x00FFFFFF) << 8;
}

std::vector<std::uint8_t> RangeEncoder::finish() {
  for (int i = 0; i < 5; ++i) shift();
  return bytes_;
}

RangeDecoder::RangeDecoder(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes), size_(size) {
  for (int i = 0; i < 5; ++i) code_ = code_ << 8 | next();  // the first byte is the encoder's empty cache
}

std::uint8_t RangeDecoder::next() {
  if (at_ < size_) return bytes_[at_++];
  overrun_ = true;
  return 0;
}

bool RangeDecoder::get(BitContext& context) {
  const std::uint32_t bound = (range_ >> 11) * context.zero();
  const bool bit = code_ >= bound;
  if (bit) {
    code_ -= bound;
    range_ -= bound;
  } else {
    range_ = bound;
  }
  context.learn(bit);
  while (range_ < least_range) {
    range_ <<= 8;
    code_ = code_ << 8 | next();
  }
  return bit;
}

}  // namespace attn::io
