// The values of named sites of one run, kept (TransformerLens: ActivationCache), and pieces of them.
#pragma once

#include <utility>
#include <vector>

#include "attn/model/transformer.hpp"

namespace attn {

class Activations {
 public:
  Tensor logits;  // [B, T, V] of the same run

  const Tensor& at(HookPoint point) const;  // throws ShapeError "… was not recorded"
  bool has(HookPoint point) const { return find(point) != nullptr; }
  void set(HookPoint point, Tensor value);

 private:
  const Tensor* find(HookPoint point) const;
  std::vector<std::pair<HookPoint, Tensor>> values_;
};

// One run on `batch` under `hooks` (null: none), keeping the values at `points` as the hooks left them.
Activations record(const Model& model, const TokenBatch& batch, const std::vector<HookPoint>& points,
                   Hooks* hooks = nullptr);
// The point of a site in every layer.
std::vector<HookPoint> in_every_layer(const Model& model, Site site);

// A piece of an activation: all of it, one head, one position, or one position of one head.
struct Slice {
  HookPoint point;
  int head = -1;        // of a site with heads (k and v: key heads); -1: all
  Index position = -1;  // a token; of scores and pattern: the query's row; -1: all
};

// Rows (last axis) of a slice in a tensor of `shape`: their offsets. Throws ShapeError if the slice lies
// outside.
std::vector<Index> slice_rows_of(const Slice& slice, const Shape& shape);

// Hooks that overwrite the slices with what `source` holds there; `source` must outlive the scopes.
void patch(Hooks& hooks, const Activations& source, const std::vector<Slice>& slices,
           std::vector<Hooks::Scope>& scopes);

// The points that the slices lie in, each once.
std::vector<HookPoint> points_of(const std::vector<Slice>& slices);
std::vector<HookPoint> points_of(const std::vector<std::vector<Slice>>& patches);

}  // namespace attn
