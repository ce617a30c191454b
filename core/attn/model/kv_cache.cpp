#include "attn/model/transformer.hpp"

namespace attn {

KvCache::KvCache(const ModelConfig& config, Index batch, Index capacity)
    : batch_(batch), capacity_(capacity) {
  const Index heads = config.resolved_kv_heads(), width = config.resolved_head_width();
  for (Index l = 0; l < config.layers; ++l) {
    keys_.emplace_back(Shape{batch, heads, capacity, width});
    values_.emplace_back(Shape{batch, heads, capacity, width});
    if (config.smeared_keys) last_keys_.emplace_back(Shape{batch, heads, width});
  }
}

}  // namespace attn
