// An adaptive binary range coder, as in LZMA (I. Pavlov; after Martin 1979): each bit costs about -log2 of
// the probability that its context had for it, and the context then learns from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace attn::io {

// The probability of a zero, in 2048ths. It never reaches 0 or 1: a step is a 32nd of what is left.
class BitContext {
 public:
  std::uint32_t zero() const { return zero_; }
  void learn(bool bit) {
    zero_ = static_cast<std::uint16_t>(bit ? zero_ - (zero_ >> 5) : zero_ + ((2048 - zero_) >> 5));
  }

 private:
  std::uint16_t zero_ = 1024;
};

class RangeEncoder {
 public:
  void put(BitContext& context, bool bit);
  std::vector<std::uint8_t> finish();

 private:
  void shift();
  std::vector<std::uint8_t> bytes_;
  std::uint64_t low_ = 0;
  std::uint32_t range_ = 0xFFFFFFFF;
  std::uint8_t cache_ = 0;
  std::size_t pending_ = 1;  // bytes that a carry may still change: the cache and 0xFF after it
};

class RangeDecoder {
 public:
  RangeDecoder(const std::uint8_t* bytes, std::size_t size);  // which must outlive it
  bool get(BitContext& context);
  // All bytes were read, and no more than there were: the stream was whole.
  bool at_end() const { return !overrun_ && at_ == size_; }
  bool overrun() const { return overrun_; }

 private:
  std::uint8_t next();
  const std::uint8_t* bytes_;
  std::size_t size_, at_ = 0;
  bool overrun_ = false;
  std::uint32_t range_ = 0xFFFFFFFF, code_ = 0;
};

}  // namespace attn::io
