// Synthetic tasks: data made on the fly from a seed, with a mask of the positions that count.
#pragma once

#include <string>
#include <vector>

#include "attn/base/error.hpp"
#include "attn/math/random.hpp"
#include "attn/model/transformer.hpp"

namespace attn {

enum class TaskKind {
  repeat,    // a random segment repeated: the induction task
  copy,      // segment, separator, segment again
  recall,    // key-value pairs, then keys to be answered (associative recall)
  markov,    // in-context Markov chain: every sequence has its own transition matrix ~ Dirichlet(1)
  ngram,     // a fixed n-gram chain shared by all sequences
  uniform,   // i.i.d. tokens: nothing to learn (control)
  backcopy,  // one chain for all, but after a trigger comes the letter before it (Guo et al. 2024; chapter
             // 16)
  // The answer is a label about the past instead of the next token (chapter 8, train/labels.cpp).
  previous,   // the token before this one
  rarest,     // the rarest token so far; tokens are Zipf-distributed, V - 1 is the rarest
  last_name,  // at a "pronoun": the latest "name"
  seen,       // 1 if this token occurred before, else 0
  gather,     // one answer from several places: its digit j is the digit j of the token 1 + j places back
              // (chapter 2)
  // The answer is a label found on either side (chapter 4, train/labels.cpp); the model must be an encoder.
  cycle,  // T tokens of T types in random order: the content of type a + 1 mod T
  swap,   // the same, the content of the other type of the pair (0, 1), (2, 3) ...
};

struct TaskConfig {
  TaskKind kind = TaskKind::repeat;
  Index vocab = 32;
  Index length = 48;  // T
  // repeat: random segments of [segment_min, segment_max] tokens, tiled to fill T (as in
  // models/repeat-2l) when tiled, else one segment of S tokens and one repeat at random places
  // among random filler: p2 >= p1 + S.
  Index segment_min = 8, segment_max = 24;
  bool tiled = true;
  // The repeat always at the same distance, the trap of chapter 7: tiled, every segment has
  // (segment_min + segment_max) / 2 tokens; untiled, p2 = p1 + T/2.
  bool fixed_offset = false;
  bool distinct = false;     // segment (and filler) without replacement
  bool loss_on_all = false;  // else only where the repeat determines the next token
  Index order = 1;           // markov / ngram: tokens of context
  Index pairs = 8;           // recall
  Index places = 2;          // gather: digits of a token, and places that the answer is gathered from
};

Status validate(const TaskConfig& config);
std::string to_json(const TaskConfig& config);
Result<TaskConfig> task_config_from_json(const std::string& json);

// backcopy: token 0 stands first, the triggers are the last letters.
inline constexpr Index backcopy_triggers = 3;

// Memory that drawing sequences reuses; nothing in it is part of the batch.
struct TaskScratch {
  std::vector<TokenId> tokens;               // [T + 1]
  std::vector<TokenId> alphabet;             // [V], shuffled in part
  std::vector<double> transitions;           // [V^order, V], running sums
  Index shared_vocab = 0, shared_order = 0;  // what `transitions` holds, if it is the n-gram task's
};

struct TaskBatch {
  TokenBatch inputs;             // [B, T]
  std::vector<TokenId> targets;  // [B, T], next tokens, or labels
  std::vector<Real> weights;     // [B, T], 1 where the loss counts
  std::vector<Index> match;  // [B, T], position whose successor is the answer (induction target), -1: none
  TaskScratch scratch;
};

TaskBatch make_batch(const TaskConfig& config, Index batch, Rng& rng);
// The same into a batch that is reused: no allocation once `out` has had this size.
void make_batch(const TaskConfig& config, Index batch, Rng& rng, TaskBatch& out);

// Reference predictors of the Markov task, the exact Dirichlet posteriors (Edelman et al. 2024):
// probabilities [B, T, V] of the next token under each strategy.
enum class Strategy { uniform, unigram, bigram };
Tensor strategy_probabilities(const TokenBatch& batch, Index vocab, Strategy strategy);

}  // namespace attn
