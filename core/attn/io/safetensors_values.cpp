// The ten element types and their conversion to numbers.
#include <bit>
#include <cmath>
#include <cstring>

#include "attn/io/half.hpp"
#include "attn/io/safetensors.hpp"

namespace attn::io {

static_assert(std::endian::native == std::endian::little, "safetensors stores little-endian numbers");

namespace {

struct DTypeInfo {
  DType dtype;
  const char* name;
  std::size_t bytes;
};
constexpr DTypeInfo dtypes[] = {
    {DType::F64, "F64", 8}, {DType::F32, "F32", 4},   {DType::F16, "F16", 2}, {DType::BF16, "BF16", 2},
    {DType::I64, "I64", 8}, {DType::I32, "I32", 4},   {DType::I16, "I16", 2}, {DType::I8, "I8", 1},
    {DType::U8, "U8", 1},   {DType::BOOL, "BOOL", 1},
};

const DTypeInfo& info(DType dtype) {
  for (const DTypeInfo& d : dtypes)
    if (d.dtype == dtype) return d;
  throw ShapeError("not a dtype");
}

}  // namespace

std::size_t bytes_of(DType dtype) { return info(dtype).bytes; }
const char* to_string(DType dtype) { return info(dtype).name; }

std::optional<DType> dtype_named(std::string_view name) {
  for (const DTypeInfo& d : dtypes)
    if (name == d.name) return d.dtype;
  return std::nullopt;
}

namespace {

Error bad_tensor(const std::string& name, const std::string& what, ErrorCode code = ErrorCode::malformed) {
  return {code, "safetensors: tensor \"" + name + "\": " + what};
}

template <class T>
T load(const std::uint8_t* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

template <class Out, class In>
void convert(const TensorEntry& entry, std::vector<Out>& out) {
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<Out>(load<In>(entry.data + i * sizeof(In)));
}

void convert_small(const TensorEntry& entry, std::vector<Real>& out, SmallFloat format) {
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<Real>(widen(load<std::uint16_t>(entry.data + 2 * i), format));
}

}  // namespace

Result<Tensor> to_tensor(const TensorEntry& entry, bool finite_only) {
  if (entry.shape.size() > static_cast<std::size_t>(Shape::max_rank))
    return bad_tensor(entry.name,
                      "it has " + std::to_string(entry.shape.size()) + " axes, at most 6 are handled",
                      ErrorCode::unsupported);
  Shape shape;
  for (Index e : entry.shape) shape.push_back(e);
  Tensor t(shape);
  switch (entry.dtype) {
    case DType::F64: convert<Real, double>(entry, t.data); break;
    case DType::F32: convert<Real, float>(entry, t.data); break;
    case DType::F16: convert_small(entry, t.data, binary16); break;
    case DType::BF16: convert_small(entry, t.data, bfloat16); break;
    case DType::I64: convert<Real, std::int64_t>(entry, t.data); break;
    case DType::I32: convert<Real, std::int32_t>(entry, t.data); break;
    case DType::I16: convert<Real, std::int16_t>(entry, t.data); break;
    case DType::I8: convert<Real, std::int8_t>(entry, t.data); break;
    case DType::U8: convert<Real, std::uint8_t>(entry, t.data); break;
    case DType::BOOL:
      return bad_tensor(entry.name, "it is BOOL where numbers are needed", ErrorCode::mismatch);
  }
  if (finite_only)
    for (std::size_t i = 0; i < t.data.size(); ++i)
      if (!std::isfinite(t.data[i]))
        return bad_tensor(entry.name, "element " + std::to_string(i) + " is not finite",
                          ErrorCode::non_finite);
  return t;
}

Result<std::vector<std::int64_t>> to_integers(const TensorEntry& entry) {
  std::vector<std::int64_t> values(entry.size / bytes_of(entry.dtype));
  switch (entry.dtype) {
    case DType::I64: convert<std::int64_t, std::int64_t>(entry, values); break;
    case DType::I32: convert<std::int64_t, std::int32_t>(entry, values); break;
    case DType::I16: convert<std::int64_t, std::int16_t>(entry, values); break;
    case DType::I8: convert<std::int64_t, std::int8_t>(entry, values); break;
    case DType::U8: convert<std::int64_t, std::uint8_t>(entry, values); break;
    case DType::BOOL:
      convert<std::int64_t, std::uint8_t>(entry, values);
      for (std::int64_t v : values)
        if (v > 1) return bad_tensor(entry.name, "a BOOL element is " + std::to_string(v) + ", not 0 or 1");
      break;
    default:
      return bad_tensor(entry.name,
                        std::string("it is ") + to_string(entry.dtype) + " where integers are needed",
                        ErrorCode::mismatch);
  }
  return values;
}

}  // namespace attn::io
