// Any bytes are either refused or snapshots, each of which is a model with finite weights, or refused.
#include <cmath>
#include <cstdlib>

#include "attn/model/snapshots.hpp"

using namespace attn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Model last = [] {  // of the config that seeds.py writes
    Model m;
    m.config.vocab = 3;
    m.config.context = 8;
    m.config.layers = 1;
    m.config.width = 4;
    m.config.heads = 2;
    m.parameters = Parameters(m.config);
    for (Real& w : m.parameters.flat()) w = 1;
    return m;
  }();
  const auto file = SnapshotFile::parse(data, size);
  if (!file.ok()) return 0;
  const auto model = file->load(file->steps().size() - 1, last);
  if (!model.ok()) return 0;
  for (const Real w : model->parameters.flat())
    if (!std::isfinite(w)) std::abort();
  return 0;
}
