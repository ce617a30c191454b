#include "attn/train/tasks.hpp"

#include <algorithm>
#include <utility>

#include "attn/train/sequences.hpp"

namespace attn {

namespace {

Status invalid(std::string message) { return Error{ErrorCode::out_of_range, std::move(message)}; }

std::string number(Index n) { return std::to_string(n); }

constexpr Index longest_sequence = 65536;

Status validate_repeat(const TaskConfig& c) {
  const Index longest = c.segment_max;
  if (c.segment_min < 2 || c.segment_max < c.segment_min || c.segment_max > longest_sequence)
    return invalid("task.segment_min = " + number(c.segment_min) + " and segment_max = " +
                   number(c.segment_max) + " must satisfy 2 <= segment_min <= segment_max <= 65536");
  // The copy needs one more token than the two segments: the separator.
  const Index needed = c.kind == TaskKind::copy ? 2 * longest + 1 : c.tiled ? longest + 1 : 2 * longest;
  if (c.length < needed)
    return invalid("task.length = " + number(c.length) + " leaves no room to repeat a segment of " +
                   number(longest) + " tokens; it needs at least " + number(needed));
  if (!c.distinct) return Unit{};
  const Index tokens = c.kind == TaskKind::copy ? longest + 1
                       : c.tiled                ? longest
                                                : c.length + 1 - c.segment_min;
  if (c.vocab < tokens)
    return invalid("task.distinct needs " + number(tokens) + " different tokens, the vocabulary has " +
                   number(c.vocab));
  return Unit{};
}

Status validate_chain(const TaskConfig& c) {
  if (c.order < 1) return invalid("task.order must be at least 1");
  Index rows = 1;
  for (Index i = 0; i < c.order; ++i) {
    rows *= c.vocab;
    if (rows > max_chain_entries / c.vocab)  // the product itself need not fit an Index of 32 bits
      return invalid("task.order = " + number(c.order) + " over a vocabulary of " + number(c.vocab) +
                     " needs a table of more than " + number(max_chain_entries) + " probabilities");
  }
  return Unit{};
}

Status validate_gather(const TaskConfig& c) {
  if (c.places < 1 || c.places >= c.length)
    return invalid("task.places = " + number(c.places) + " must lie between 1 and the length less one, " +
                   number(c.length - 1));
  if (digit_base(c.vocab, c.places) == 0)
    return invalid("task.vocab = " + number(c.vocab) +
                   " must be a whole number, 2 or more, to the power task.places = " + number(c.places) +
                   ", so that every token has as many digits as there are places");
  return Unit{};
}

}  // namespace

Status validate(const TaskConfig& c) {
  if (c.vocab < 2 || c.vocab > 65536)
    return invalid("task.vocab = " + number(c.vocab) + " must lie between 2 and 65536");
  if (c.length < 2 || c.length > longest_sequence)
    return invalid("task.length = " + number(c.length) + " must lie between 2 and 65536");
  switch (c.kind) {
    case TaskKind::repeat:
    case TaskKind::copy: return validate_repeat(c);
    case TaskKind::recall:
      if (c.pairs < 1 || c.pairs > c.vocab / 2)
        return invalid("task.pairs = " + number(c.pairs) + " must lie between 1 and half the vocabulary, " +
                       number(c.vocab / 2));
      if (c.length < 2 * c.pairs + 1)
        return invalid("task.length = " + number(c.length) + " leaves no room to ask after " +
                       number(c.pairs) + " pairs; it needs at least " + number(2 * c.pairs + 1));
      return Unit{};
    case TaskKind::markov:
    case TaskKind::ngram: return validate_chain(c);
    case TaskKind::last_name:
      if (c.vocab < 3)
        return invalid("task.vocab = " + number(c.vocab) +
                       " is too small: a name, another token and the pronoun need 3");
      return Unit{};
    case TaskKind::gather: return validate_gather(c);
    case TaskKind::backcopy:
      if (c.vocab < backcopy_triggers + 3)
        return invalid("task.vocab = " + number(c.vocab) + " is too small: a start, " +
                       number(backcopy_triggers) + " triggers and two letters need " +
                       number(backcopy_triggers + 3));
      if (c.order != 1) return invalid("task.order must be 1: the chain looks one letter back");
      return validate_chain(c);
    case TaskKind::cycle:
    case TaskKind::swap:
      if (c.vocab % c.length || c.vocab == c.length)
        return invalid("task.vocab = " + number(c.vocab) + " must be task.length = " + number(c.length) +
                       " types times at least two contents");
      if (c.kind == TaskKind::swap && c.length % 2)
        return invalid("task.length = " + number(c.length) + " must be even: types are swapped in pairs");
      return Unit{};
    case TaskKind::uniform:
    case TaskKind::previous:
    case TaskKind::rarest:
    case TaskKind::seen: return Unit{};
  }
  return invalid("task.kind is unknown");
}

TaskBatch make_batch(const TaskConfig& config, Index batch, Rng& rng) {
  TaskBatch out;
  make_batch(config, batch, rng, out);
  return out;
}

void make_batch(const TaskConfig& config, Index batch, Rng& rng, TaskBatch& out) {
  const Status status = validate(config);
  if (!status) throw ShapeError(status.error().message);
  const Index T = config.length;
  const std::size_t positions = static_cast<std::size_t>(batch * T);
  out.inputs.batch = batch;
  out.inputs.length = T;
  out.inputs.tokens.resize(positions);
  out.targets.resize(positions);
  out.weights.resize(positions);
  out.match.resize(positions);

  // One token more than the model reads: the last input has a target too.
  TaskScratch& scratch = out.scratch;
  scratch.tokens.resize(static_cast<std::size_t>(T + 1));
  const bool labels = asks_for_labels(config.kind);
  for (Index b = 0; b < batch; ++b) {
    const Sequence row{scratch.tokens.data(), out.targets.data() + b * T, out.weights.data() + b * T,
                       out.match.data() + b * T, T};
    std::fill_n(row.weights, T, Real(config.loss_on_all && !labels ? 1 : 0));
    std::fill_n(row.targets, T, TokenId(0));
    std::fill_n(row.match, T, Index(-1));
    make_sequence(config, rng, scratch, row);
    std::copy_n(row.tokens, T, out.inputs.tokens.begin() + b * T);
    if (!labels) std::copy_n(row.tokens + 1, T, row.targets);
  }
}

}  // namespace attn
