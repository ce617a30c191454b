#include "attn/model/int8.hpp"

#include <algorithm>
#include <cmath>

#include "attn/model/checkpoint.hpp"

namespace attn {

namespace {

constexpr float largest = 127;

Shape without_last(const Shape& shape) {
  Shape rows;
  for (int axis = 0; axis + 1 < shape.rank(); ++axis) rows.push_back(shape[axis]);
  return rows;
}

std::vector<Index> extents(const Shape& shape) {
  std::vector<Index> out;
  for (int axis = 0; axis < shape.rank(); ++axis) out.push_back(shape[axis]);
  return out;
}

}  // namespace

Int8Rows quantize_rows(ConstView w) {
  if (w.shape.rank() < 1) throw ShapeError("quantize_rows: a tensor of no axes has no rows");
  const Index n = w.shape[-1], rows = n > 0 ? w.size() / n : 0;
  Int8Rows out;
  out.values.reserve(static_cast<std::size_t>(w.size()));
  for (Index r = 0; r < rows; ++r) {
    const Real* row = w.data + r * n;
    Real top = 0;
    for (Index i = 0; i < n; ++i) top = std::max(top, std::fabs(row[i]));
    const float scale = static_cast<float>(top) / largest;
    out.scales.push_back(scale);
    for (Index i = 0; i < n; ++i) {
      const float q = scale > 0 ? std::nearbyint(static_cast<float>(row[i]) / scale) : 0;
      out.values.push_back(static_cast<std::int8_t>(std::clamp(q, -largest, largest)));
    }
  }
  return out;
}

Result<Tensor> widen_rows(const io::TensorEntry& values, const io::TensorEntry& scales) {
  const std::vector<Index> rows(values.shape.begin(), values.shape.end() - (values.shape.empty() ? 0 : 1));
  if (values.dtype != io::DType::I8 || values.shape.empty() || scales.dtype != io::DType::F32 ||
      scales.shape != rows)
    return Error{ErrorCode::mismatch, "tensor " + scales.name + " must be F32, with the shape of " +
                                          values.name + " less its last axis: a scale for each row"};
  Result<Tensor> w = io::to_tensor(values);
  if (!w) return w;
  const Result<Tensor> scale = io::to_tensor(scales, true);
  if (!scale) return scale;
  const Index n = w->shape[-1];
  for (Index r = 0; r < static_cast<Index>(scale->data.size()); ++r) {
    const Real s = scale->data[static_cast<std::size_t>(r)];
    // The product must be finite as well, and a float in every build: no weight in a file is anything else.
    if (!(s >= 0) || !std::isfinite(static_cast<float>(s) * 128.0f))
      return Error{ErrorCode::out_of_range,
                   "tensor " + scales.name + ": scale " + std::to_string(r) + " is negative or too large"};
    for (Index i = 0; i < n; ++i) w->data[static_cast<std::size_t>(r * n + i)] *= s;
  }
  return w;
}

std::vector<std::uint8_t> save_model_int8(const Model& model,
                                          const std::map<std::string, std::string>& metadata) {
  io::Writer writer;
  for (const auto& pair : metadata) writer.set_metadata(pair.first, pair.second);
  writer.set_metadata("attn.config", to_json(model.config));
  for (const ParameterInfo& p : model.parameters.table()) {
    const ConstView w = model.parameters[p.name];
    if (p.shape.rank() < 2) {
      writer.add(p.name, w);
      continue;
    }
    const Int8Rows rows = quantize_rows(w);
    writer.add_int8(p.name, extents(p.shape), rows.values);
    Tensor scales(without_last(p.shape));
    std::copy(rows.scales.begin(), rows.scales.end(), scales.data.begin());
    writer.add(p.name + scale_suffix, scales.view());
  }
  return writer.finish();
}

}  // namespace attn
