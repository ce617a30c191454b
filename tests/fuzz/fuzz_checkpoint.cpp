// Any bytes are either refused or give a model whose weights are finite and which saves and loads again.
#include <cmath>
#include <cstdlib>

#include "attn/model/checkpoint.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto model = attn::load_model(data, size);
  if (!model.ok()) return 0;
  for (const attn::Real x : model->parameters.flat())
    if (!std::isfinite(x)) std::abort();
  const auto bytes = attn::save_model(*model);
  if (!attn::load_model(bytes.data(), bytes.size()).ok()) std::abort();
  return 0;
}
