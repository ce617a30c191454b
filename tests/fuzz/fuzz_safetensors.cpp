// Any bytes are either refused or give tensors that lie inside them.
#include <cstdlib>

#include "attn/io/safetensors.hpp"

using namespace attn::io;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = SafeTensors::parse(data, size);
  if (!file.ok()) return 0;
  std::size_t covered = 0;
  for (const TensorEntry& e : file->entries()) {
    if (e.data < data || e.data + e.size > data + size) std::abort();
    covered += e.size;
    (void)to_tensor(e, true).ok();
    (void)to_integers(e).ok();
  }
  std::uint64_t header = 0;
  for (int i = 7; i >= 0; --i) header = header << 8 | data[i];
  if (covered + header + 8 != size) std::abort();
  return 0;
}
