// Any bytes are either refused or a run that goes on: its snapshot can be resumed and is the same.
#include <cstdlib>

#include "attn/train/trainer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto trainer = attn::Trainer::resume(data, size);
  if (!trainer.ok()) return 0;
  const auto bytes = (*trainer)->snapshot();
  const auto again = attn::Trainer::resume(bytes.data(), bytes.size());
  if (!again.ok() || (*again)->snapshot() != bytes) std::abort();
  return 0;
}
