// What a page of the laboratory may ask beyond Session: text, files of other kinds, the analyses of single
// chapters. The site loads it as a module of its own (attn-lab), so that the others do not pay for it.
// One theme, one file: lab_text.cpp …; a theme's helpers stay in its file.
#pragma once

#include "attn/text/tokenizer.hpp"
#include "session.hpp"

namespace attn::wasm {

// Refuses weights that do not fit beside what is held already, with some room to run (lab_files.cpp).
void check_room(std::uint64_t used, std::uint64_t wanted, std::uint64_t limit);

// State in, state out: nothing of a run stays here, so that a page may stop, go on or compare as it likes.
// `run` takes up the state in the request's numbers, if any, and goes on by `count` steps, at most `most`.
template <class Run>
void go_on(Run& run, const Request& request, const Fields& fields, Index most) {
  if (!request.numbers.empty()) take(run.restore(request.numbers));
  for (Index left = fields.index("count", 0, most); left > 0; --left) run.step();
}

class LabSession : public Session {
 public:
  LabSession();
  ~LabSession() override;

  // Text (lab_text.cpp).

  // {id}, bytes: tokenizer.json -> {id, names}
  Reply load_tokenizer(const Request& request);
  // {tokenizer, text} -> {tokens, spans}
  Reply encode(const Request& request);
  // {tokenizer, tokens} -> {text}
  Reply decode(const Request& request);
  Reply dispose_tokenizer(const Request& request);

  // Snapshots of a training run (lab_snapshots.cpp): {id, final, number, after?}, bytes: the file ->
  // ModelInfo and the steps of all its snapshots. `after` holds number - 1 of the same file and saves the way
  // from number 0.
  Reply load_snapshot(const Request& request);

  // Pruning (lab_pruning.cpp). exam: {task, batch, seed}; heads: [{layer, head}].

  // {model, ...exam, gone?, gradient?, zero?, mean?, writes?}
  Reply head_importance(const Request& request);
  // {model, ...exam, order | draw} -> loss, accuracy [n + 1]
  Reply removal_curve(const Request& request);
  // {model, remove, slice?} -> {config}, weights
  Reply prune_heads(const Request& request);
  // {model, ...exam, how, fraction, calibration} -> loss, accuracy
  Reply mask_weights(const Request& request);
  // {model, task, batch, seed, penalty …, count}, numbers: state
  Reply gate_steps(const Request& request);

  // A Hugging Face folder (lab_files.cpp). The model answers under the plan's number once its last bytes are
  // in; whatever fails on the way forgets the plan and gives its memory back.

  // {id, config, files: [{name, size, header}]}, bytes: headers -> ModelPlan
  Reply plan_model(const Request& request);
  // {id}, bytes: what was wanted, none at first -> {next} or {model}
  Reply feed_model(const Request& request);
  // {model}: of a plan as well
  Reply dispose_model(const Request& request);

  // Interventions and readings (lab_patching.cpp). metric: {kind?: logit | difference | probability,
  // position, right, wrong?}; logit, the default, is logit(right) less the mean of all.

  // {model, clean, corrupted, metric, site, heads?, positions?, layers?, noise?} -> {clean, corrupted,
  // agreement}, effect, estimate
  Reply patch(const Request& request);
  // {model, tokens, metric, from, count, std?, draws?, site?, window?, seed?}
  Reply trace(const Request& request);
  // {model, tokens, metric, draws?, seed?} -> profiles of the tokens
  Reply importance(const Request& request);
  // {model, tokens, position, target} -> {depths}
  Reply lens(const Request& request);

  // Who hands what to whom, without detours (lab_paths.cpp): the tokens and the heads send; the queries, keys
  // and values of heads and the logits receive. Shares of what the prompts differ by, NaN where nothing
  // leads.

  // {model, clean, corrupted, metric, noise?} -> edges [S, L, H, 3], layers [S, L, 3], direct [S], total [S]
  Reply patch_paths(const Request& request);

  // What a linear probe reads at one point, what of it is the probe's own, and what is lost when it is erased
  // (lab_probe.cpp). labels and types: one per token, labels < 0 are left out; targets < 0 are not asked for.

  // {model, tokens, labels, types, classes, targets, train, site, layer, head?, seed?, steps?, code?, erase?}
  // -> ProbeReport
  Reply probe(const Request& request);

  // Any set of heads, several sets at once (lab_interventions.cpp): {model, tokens, sets, how: zero | mean |
  // patch, site?, other?, reference?, positions?, at: {position, right, wrong}, rows?, map?} -> losses [n, T
  // - 1], difference [n], rows [n, V], maps [n, T, T]
  Reply intervene(const Request& request);

  // Collapse and redundancy (lab_collapse.cpp).

  // TowerRequest -> {floors}, cosines [L + 1, T, T]
  Reply collapse_tower(const Request& request);
  // {model, tokens} -> {merges}, distance, cka [L·H, L·H]
  Reply head_similarity(const Request& request);

  // What stands in for softmax attention (lab_alternatives.cpp); none of it needs a model.

  // TileRequest -> {error, traffic, untiled …}, maximum …
  Reply tiled_attention(const Request& request);
  // CapacityRequest -> share [counts, kinds]
  Reply memory_capacity(const Request& request);
  // FeatureRequest -> {truth, theory}, ratios [draws]
  Reply feature_error(const Request& request);
  // {memory, count …}, numbers: state -> {step …}, state
  Reply recall_steps(const Request& request);

  // Positions by hand (lab_positions.cpp).

  // {width, distances, offset | seed, shift?, base?, kept?, extension?, factor?, context?} -> {config},
  // parts, frequency, q, k
  Reply rotary_scores(const Request& request);
  // {heads, distances, buckets?, …} -> slopes [H], bucket [n]
  Reply position_bias(const Request& request);

  // Part of the past out of sight (lab_blinding.cpp): {model, tokens, how: evict | silence}, numbers: what
  // each query sees, [K, T, T] -> losses [K, T - 1] of K readings of one text.
  Reply blind(const Request& request);

  // What comes after attention (lab_after.cpp); none of it needs a model.

  // {mixer, count, lengths …}, numbers: state -> {step}, accuracy …
  Reply parity_steps(const Request& request);
  // StreamRequest -> errors [5, tokens]
  Reply online_errors(const Request& request);

  // Attention as gain, and a controller that models its own (lab_conclusion.cpp).

  // {wiring, count …}, numbers: state -> {step, own, foreign}, state
  Reply schema_steps(const Request& request);
  // {gain, sigma, pool}, numbers: drive -> response [4, M, N]
  Reply gain_field(const Request& request);

  // Fine-tuning through adapters, and weights in four bits (lab_adapt.cpp).

  // {model, task, goal, matrices, rank …, count}, numbers: state
  Reply adapt_steps(const Request& request);
  // {model, task, goal, …}, numbers: the tuned model's weights
  Reply head_change(const Request& request);
  // {model, task, goal, matrices: one, rank …} -> FirstStep
  Reply first_step(const Request& request);
  // {source, block, …, model?, tokens?} -> {bits …}, error [3] …
  Reply four_bits(const Request& request);

  // Where a row explains (lab_explanation.cpp); none of it needs a model.

  // {width, directions?}, numbers: weights [N], values [N, width]; or {keys, width, spread, seed} -> {rank,
  // distance …}, farthest …
  Reply row_freedom(const Request& request);
  // {encoder, penalty …, count}, numbers: state -> {step …}, state
  Reply pooling_steps(const Request& request);
  // the same -> weight, gradient, left_out … [M, T], agreement
  Reply pooling_accounts(const Request& request);

 protected:
  bool in_use(int id) const override;
  std::size_t held_count() const override;

 private:
  struct OpenPlan;
  const text::Tokenizer& tokenizer(const Fields& fields) const;
  const Model& prunable(const Fields& fields) const;

  std::map<int, text::Tokenizer> tokenizers_;
  std::map<int, std::unique_ptr<OpenPlan>> plans_;
};

}  // namespace attn::wasm
