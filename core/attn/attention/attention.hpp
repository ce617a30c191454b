// Scaled dot-product attention of all heads: scores, mask, softmax, mix (Vaswani et al. 2017, eq. 1),
// composed from the stages beside this file.
#pragma once

#include "attn/attention/heads.hpp"
#include "attn/attention/mask.hpp"
#include "attn/ops/tape.hpp"

namespace attn {

enum class AttentionStage { scores, pattern };

// May look at, or overwrite, what stands between two stages: [B, H, T, S].
class AttentionTap {
 public:
  virtual ~AttentionTap() = default;
  virtual bool wants(AttentionStage stage) const = 0;
  // True if the value may have been overwritten: the gradient stops there.
  virtual bool visit(AttentionStage stage, View value) const = 0;
};

struct AttentionOptions {
  Real scale = 1;
  Real softcap = 0;  // 0: none
  KeyMask mask;
  Var bias;  // [H, T, S] added to every sequence's scores, or invalid
  // [H], or invalid: one more score a row, of no key and of value zero, so that a head may spend less than 1.
  // Zero: "softmax off by one" (Miller 2023); learned: the sinks of gpt-oss.
  Var null;
  const AttentionTap* tap = nullptr;
  // Queries of the last tokens only: q is [1, R, H, d], where rows starts[b], ... are the queries of sequence
  // b's last starts[b + 1] - starts[b] tokens (see tails() in ops/tails.hpp), and so is z. B + 1 numbers,
  // borrowed; null: every token has its query. Neither with a bias nor with a tap.
  const Index* starts = nullptr;
};

// q: [B, T, H, d], k: [B, S, H_kv, d], v: [B, S, H_kv, d_v] -> z: [B, T, H, d_v]. Query head h reads key
// head h / (H / H_kv) (Ainslie et al. 2023, GQA). With `starts`, q and z hold some of the tokens' rows.
Var attention(Tape& tape, Var q, Var k, Var v, const AttentionOptions& options);

// The same with keys and values that are not on the tape (a cache): no gradient flows into them.
Var attention(Tape& tape, Var q, ConstHeads k, ConstHeads v, const AttentionOptions& options);

}  // namespace attn
