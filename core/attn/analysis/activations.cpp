#include "attn/analysis/activations.hpp"

#include <algorithm>

namespace attn {
namespace {

// Where the axes of a site stand; -1: it has no such axis.
struct Axes {
  int token, head;
};

Axes axes_of(Site site) {
  switch (site) {
    case Site::attn_scores:
    case Site::pattern: return {2, 1};  // [B, H, T, S]
    case Site::q:
    case Site::k:
    case Site::v:
    case Site::rot_q:
    case Site::rot_k:
    case Site::z:
    case Site::result: return {1, 2};  // [B, T, H, d]
    default: return {1, -1};           // [B, T, D]
  }
}

void check_slice(const Slice& slice, const Shape& shape, Axes axes) {
  const bool head_fits = slice.head < 0 || (axes.head >= 0 && slice.head < shape[axes.head]);
  if (head_fits && slice.position < shape[axes.token]) return;
  throw ShapeError(to_string(slice.point) + " has shape " + to_string(shape) + ": no head " +
                   std::to_string(slice.head) + " at position " + std::to_string(slice.position));
}

}  // namespace

const Tensor* Activations::find(HookPoint point) const {
  for (const auto& entry : values_)
    if (entry.first == point) return &entry.second;
  return nullptr;
}

const Tensor& Activations::at(HookPoint point) const {
  const Tensor* value = find(point);
  if (!value) throw ShapeError(to_string(point) + " was not recorded");
  return *value;
}

void Activations::set(HookPoint point, Tensor value) {
  for (auto& entry : values_)
    if (entry.first == point) {
      entry.second = std::move(value);
      return;
    }
  values_.emplace_back(point, std::move(value));
}

Activations record(const Model& model, const TokenBatch& batch, const std::vector<HookPoint>& points,
                   Hooks* hooks) {
  Activations out;
  Hooks own;
  Hooks& all = hooks ? *hooks : own;
  std::vector<Hooks::Scope> scopes;
  for (HookPoint point : points)
    scopes.push_back(all.observe(point, [&out](HookPoint at, ConstView value) {
      out.set(at, Tensor(value.shape, std::vector<Real>(value.begin(), value.end())));
    }));
  Tape tape(Tape::Mode::inference);
  ForwardOptions options;
  options.hooks = &all;
  const ConstView logits = tape.value(forward(tape, model, batch, options));
  out.logits = Tensor(logits.shape, std::vector<Real>(logits.begin(), logits.end()));
  return out;
}

std::vector<HookPoint> in_every_layer(const Model& model, Site site) {
  std::vector<HookPoint> points;
  for (int layer = 0; layer < static_cast<int>(model.config.layers); ++layer) points.push_back({site, layer});
  return points;
}

std::vector<Index> slice_rows_of(const Slice& slice, const Shape& shape) {
  const Axes axes = axes_of(slice.point.site);
  check_slice(slice, shape, axes);
  const Index rows = shape.size() / shape[-1];
  std::vector<Index> offsets;
  for (Index r = 0; r < rows; ++r) {
    // r counts (batch, a1) or (batch, a1, a2); the last axis is the row itself
    const Index last = r % shape[shape.rank() - 2], before = r / shape[shape.rank() - 2];
    const auto index = [&](int axis) {
      return axis == shape.rank() - 2 ? last : before % shape[shape.rank() - 3];
    };
    if (slice.head >= 0 && index(axes.head) != slice.head) continue;
    if (slice.position >= 0 && index(axes.token) != slice.position) continue;
    offsets.push_back(r * shape[-1]);
  }
  return offsets;
}

// #region patch
void patch(Hooks& hooks, const Activations& source, const std::vector<Slice>& slices,
           std::vector<Hooks::Scope>& scopes) {
  for (const Slice& slice : slices) {
    const Tensor* from = &source.at(slice.point);
    scopes.push_back(hooks.replace(slice.point, [from, slice](HookPoint, View value) {
      expect_shape("patch: the recorded activation", from->shape, value.shape);
      for (Index offset : slice_rows_of(slice, value.shape))
        std::copy_n(from->data.data() + offset, value.shape[-1], value.data + offset);
    }));
  }
}
// #endregion

std::vector<HookPoint> points_of(const std::vector<Slice>& slices) {
  std::vector<HookPoint> points;
  for (const Slice& slice : slices)
    if (std::find(points.begin(), points.end(), slice.point) == points.end()) points.push_back(slice.point);
  return points;
}

std::vector<HookPoint> points_of(const std::vector<std::vector<Slice>>& patches) {
  std::vector<Slice> all;
  for (const std::vector<Slice>& slices : patches) all.insert(all.end(), slices.begin(), slices.end());
  return points_of(all);
}

}  // namespace attn
