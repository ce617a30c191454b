// How one sequence of each synthetic task is drawn. Internal to train/tasks.cpp.
#pragma once

#include <vector>

#include "attn/train/tasks.hpp"

namespace attn {

inline constexpr Index max_chain_entries = 1 << 20;  // probabilities of a transition table

// Where a sequence is written; weights, match and labels come cleared.
struct Sequence {
  TokenId* tokens;   // [T + 1]
  TokenId* targets;  // [T], written by the tasks that ask for labels
  Real* weights;     // [T]
  Index* match;      // [T]
  Index length;      // T
};

void make_sequence(const TaskConfig& config, Rng& rng, TaskScratch& scratch, const Sequence& out);

// The first `count` tokens of a random permutation of [0, vocab), by a partial Fisher–Yates shuffle.
const TokenId* draw_distinct(Index vocab, Index count, Rng& rng, std::vector<TokenId>& alphabet);

void make_repeat(const TaskConfig&, Rng&, TaskScratch&, const Sequence&);
void make_copy(const TaskConfig&, Rng&, TaskScratch&, const Sequence&);
void make_recall(const TaskConfig&, Rng&, TaskScratch&, const Sequence&);
void make_markov(const TaskConfig&, Rng&, TaskScratch&, const Sequence&);
void make_ngram(const TaskConfig&, Rng&, TaskScratch&, const Sequence&);
void make_backcopy(const TaskConfig&, Rng&, TaskScratch& scratch, const Sequence&);
void make_uniform(const TaskConfig&, Rng&, const Sequence&);
void make_previous(const TaskConfig&, Rng&, const Sequence&);
void make_rarest(const TaskConfig&, Rng&, const Sequence&);
void make_last_name(const TaskConfig&, Rng&, const Sequence&);
void make_seen(const TaskConfig&, Rng&, const Sequence&);
void make_gather(const TaskConfig&, Rng&, const Sequence&);

// The base in which every token of the vocabulary has `places` digits; 0 when there is none.
Index digit_base(Index vocab, Index places);
void make_partners(const TaskConfig&, Rng&, TaskScratch&, const Sequence&);

// Whether the answer may stand to the right of the question.
inline bool looks_both_ways(TaskKind kind) { return kind == TaskKind::cycle || kind == TaskKind::swap; }

// Whether the answer is a label about the sequence rather than the next token.
inline bool asks_for_labels(TaskKind kind) {
  return kind == TaskKind::previous || kind == TaskKind::rarest || kind == TaskKind::last_name ||
         kind == TaskKind::seen || kind == TaskKind::gather || looks_both_ways(kind);
}

}  // namespace attn
