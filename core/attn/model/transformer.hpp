// One configurable transformer: GPT-2, LLaMA, BERT and the course's attention-only models are
// settings of it. Written once against the tape.
#pragma once

#include <vector>

#include "attn/base/tensor.hpp"
#include "attn/model/config.hpp"
#include "attn/model/hooks.hpp"
#include "attn/model/parameters.hpp"
#include "attn/ops/tape.hpp"

namespace attn {

struct Model {
  ModelConfig config;
  Parameters parameters;
};

// B sequences of T tokens, row-major. `lengths` (optional, B entries) marks right padding:
// keys at positions >= length are masked.
struct TokenBatch {
  std::vector<TokenId> tokens;  // B · T
  Index batch = 0, length = 0;
  std::vector<Index> lengths;
  std::vector<TokenId> types;  // token types (BERT), optional
};

// Keys and values of the tokens seen so far, per layer [B, H_kv, capacity, d].
class KvCache {
 public:
  KvCache(const ModelConfig& config, Index batch, Index capacity);
  Index length() const { return length_; }
  Index capacity() const { return capacity_; }
  Index batch() const { return batch_; }
  void clear() { length_ = 0; }
  View keys(int layer) { return keys_[static_cast<std::size_t>(layer)].view(); }
  View values(int layer) { return values_[static_cast<std::size_t>(layer)].view(); }
  // Smeared keys: the last key as projected, [B, H_kv, d], which the next token's key mixes in.
  View last_key(int layer) { return last_keys_[static_cast<std::size_t>(layer)].view(); }
  void advance(Index n) { length_ += n; }

 private:
  std::vector<Tensor> keys_, values_, last_keys_;
  Index batch_, capacity_, length_ = 0;
};

// A value of the pass whose gradient is asked for: once Tape::backward has run, tape.grad(value) is the
// derivative at that point. Not attn_scores and pattern (see analysis/gradients.hpp) nor result (its
// gradient is that of attn_out).
struct WatchedValue {
  HookPoint point;
  Var value = {};  // set by forward; stays invalid if the model has no such point
};

struct ForwardOptions {
  const Hooks* hooks = nullptr;
  KvCache* cache = nullptr;                      // inference: attends to the past and appends to it
  Parameters* gradients = nullptr;               // training: where parameter gradients are added
  std::vector<WatchedValue>* watched = nullptr;  // training: activations whose gradients are wanted
  const std::vector<Var>* gates = nullptr;       // L of [H] on the same tape: z_h <- g_h z_h
  // Training: logits of the last tokens only, where no others are asked for: B + 1 row numbers, as tails() in
  // ops/tails.hpp takes them; logits are then [1, R, V]. The last layer computes keys and values of every
  // token, and everything else of these rows alone. Throws if takes_tails(config) is false, with hooks or
  // watched values, or on a tape of inference.
  const Index* tails = nullptr;
  // Training: the first layer's queries, keys and values may be added up from tables by token and by place
  // (ops/table_rows.hpp) instead of multiplied row by row. Done where takes_tables allows it and nobody
  // looks.
  bool tables = false;
};

// Whether the last layer can leave rows out: not where positions act on the scores of whole sequences.
bool takes_tails(const ModelConfig& config);

// Whether a row before the first layer is a token's and a place's alone, seen through one factor, and the
// tables are small beside the batch.
bool takes_tables(const ModelConfig& config, const TokenBatch& batch);

// Logits [B, T, V] (config.unembed = false: the last hidden state [B, T, D]). Bad tokens and over-long
// input are the caller's to check with check_tokens; here they throw. The batch, the model and the
// gradients must live as long as the tape's values.
Var forward(Tape& tape, const Model& model, const TokenBatch& batch, const ForwardOptions& options = {});

// "token 73 at position 5 is outside the vocabulary of 33", "120 tokens, the model's context is 48".
Status check_tokens(const ModelConfig& config, const TokenBatch& batch, Index past = 0);

struct SamplingOptions {
  Real temperature = 1;  // 0: greedy
  Index top_k = 0;       // 0: off
  Real top_p = 1;        // 1: off
};
// Next token from logits [V].
TokenId sample(ConstView logits, const SamplingOptions& options, Rng& rng);

// Continues `prompt` by `count` tokens with a KV cache; stops at the context's end.
std::vector<TokenId> generate(const Model& model, const std::vector<TokenId>& prompt, Index count,
                              const SamplingOptions& options, Rng& rng);

}  // namespace attn
