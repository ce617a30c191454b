// Named activations that a reader may observe or replace, in TransformerLens vocabulary
// (TransformerLens, components/abstract_attention.py and hook_points.py), as a closed table.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attn/base/tensor.hpp"

namespace attn {

enum class Site : std::uint8_t {
  embed,        // "embed"                      [B, T, D]
  pos_embed,    // "pos_embed"                  [B, T, D]   learned or sinusoidal positions
  resid_pre,    // "blocks.l.resid_pre"         [B, T, D]
  attn_in,      // "blocks.l.attn_in"           [B, T, D]   what Q, K, V read: N(resid_pre) or resid_pre
  q,            // "blocks.l.attn.q"            [B, T, H, d]    after bias and qk-norm, before rotation
  k,            // "blocks.l.attn.k"            [B, T, H_kv, d] the same; after smearing
  v,            // "blocks.l.attn.v"            [B, T, H_kv, d]
  rot_q,        // "blocks.l.attn.rot_q"        [B, T, H, d]    RoPE models only
  rot_k,        // "blocks.l.attn.rot_k"        [B, T, H_kv, d]
  attn_scores,  // "blocks.l.attn.attn_scores"  [B, H, T, S]    scaled, biased, masked with -inf; S keys incl.
                // the past
  pattern,      // "blocks.l.attn.pattern"      [B, H, T, S]    rows sum to 1 (less with a null score); masked
                // weights exactly 0
  z,            // "blocks.l.attn.z"            [B, T, H, d]    pattern · v, times the token's gate
  result,       // "blocks.l.attn.result"       [B, T, H, D]    each head's write; computed only if asked for
  attn_out,     // "blocks.l.attn_out"          [B, T, D]       Σ_h result (+ bias)
  resid_mid,    // "blocks.l.resid_mid"         [B, T, D]       models with an MLP
  mlp_in,       // "blocks.l.mlp_in"            [B, T, D]
  mlp_pre,      // "blocks.l.mlp.pre"           [B, T, D_mlp]   SwiGLU: of the gate
  mlp_post,     // "blocks.l.mlp.post"          [B, T, D_mlp]
  mlp_out,      // "blocks.l.mlp_out"           [B, T, D]
  resid_post,   // "blocks.l.resid_post"        [B, T, D]
  final_norm,   // "ln_final.normalized"        [B, T, D]
  logits,       // "logits"                     [B, T, V]
};

struct HookPoint {
  Site site;
  int layer = -1;  // -1 for the sites outside the blocks
  bool operator==(const HookPoint& o) const { return site == o.site && layer == o.layer; }
};

std::string to_string(HookPoint point);                      // "blocks.0.attn.pattern"
std::optional<HookPoint> hook_point(std::string_view name);  // nullopt: no such name

// The hooks of one forward pass or more. An empty Hooks costs one branch per site.
class Hooks {
 public:
  using Observe = std::function<void(HookPoint, ConstView)>;
  using Replace = std::function<void(HookPoint, View)>;  // overwrites in place; stops the gradient there

  // Removes its hook when destroyed.
  class Scope {
   public:
    Scope() = default;
    Scope(Scope&& o) noexcept : hooks_(o.hooks_), id_(o.id_) { o.hooks_ = nullptr; }
    Scope& operator=(Scope&& o) noexcept;
    ~Scope() { close(); }
    void close();

   private:
    friend class Hooks;
    Scope(Hooks* hooks, int id) : hooks_(hooks), id_(id) {}
    Hooks* hooks_ = nullptr;
    int id_ = 0;
  };

  [[nodiscard]] Scope observe(HookPoint point, Observe f);
  [[nodiscard]] Scope replace(HookPoint point, Replace f);

  bool empty() const { return entries_.empty(); }
  bool wants(HookPoint point) const;
  // Run the hooks of a point in the order they were added; true if one of them may have written.
  bool run(HookPoint point, View value) const;

 private:
  struct Entry {
    int id;
    HookPoint point;
    Observe observe;
    Replace replace;
  };
  std::vector<Entry> entries_;
  int next_id_ = 1;
};

}  // namespace attn
