// Any text is either refused or read, and what is read survives writing and reading again.
#include <cstdlib>

#include "attn/io/json.hpp"

using attn::io::Json;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto first = Json::parse({reinterpret_cast<const char*>(data), size});
  if (!first.ok()) return 0;
  const std::string text = first->dump();
  const auto second = Json::parse(text);
  if (!second.ok() || second->dump() != text) std::abort();
  return 0;
}
