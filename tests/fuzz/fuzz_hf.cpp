// Any config.json, index and one file of weights are refused, or give a model that runs. The input is cut at
// two newlines: config, index, file.
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "attn/model/hf_loader.hpp"

namespace {

using namespace attn;

void run(const Model& model) {
  if (model.parameters.count() > 100000) return;
  TokenBatch batch{{0}, 1, 1, {}, {}};
  if (model.config.token_types) batch.types = {0};
  if (!check_tokens(model.config, batch).ok()) std::abort();
  Tape tape(Tape::Mode::inference);
  (void)forward(tape, model, batch);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t first = all.find('\n'), second = first == all.npos ? first : all.find('\n', first + 1);
  if (second == all.npos) return 0;
  (void)hf_shards(all.substr(first + 1, second - first - 1));
  const auto config = hf_config(all.substr(0, first));
  if (!config) return 0;
  const std::uint8_t* file = data + second + 1;
  const std::uint64_t length = size - second - 1;
  const auto end = io::SafeTensors::header_bytes(file, std::min<std::size_t>(8, length), length);
  if (!end) return 0;
  const auto header = io::SafeTensors::parse_header(file, *end, length);
  if (!header) return 0;
  auto loader = HfLoader::plan(*config, {{"model.safetensors", *header}});
  if (!loader) return 0;
  if (loader->weight_bytes() > 4 * length) std::abort();  // the file bounds the memory
  loader->allocate();
  while (const auto r = loader->next())
    if (!loader->give(file + r->offset, r->size).ok()) return 0;
  run(loader->finish());
  return 0;
}
