#include <algorithm>
#include <cstring>

#include "attn/io/half.hpp"
#include "attn/io/json.hpp"
#include "attn/io/safetensors.hpp"

namespace attn::io {

namespace {

template <class T>
void store(std::vector<std::uint8_t>& out, T v) {
  const std::size_t at = out.size();
  out.resize(at + sizeof v);
  std::memcpy(out.data() + at, &v, sizeof v);
}

Index elements(const std::vector<Index>& shape) {
  Index n = 1;
  for (Index e : shape) n *= e;
  return n;
}

}  // namespace

void Writer::add(std::string name, ConstView tensor, DType dtype) {
  Item item{std::move(name), dtype, {}, {}};
  for (int a = 0; a < tensor.shape.rank(); ++a) item.shape.push_back(tensor.shape[a]);
  item.bytes.reserve(static_cast<std::size_t>(tensor.size()) * bytes_of(dtype));
  for (Real v : tensor) {
    switch (dtype) {
      case DType::F64: store(item.bytes, static_cast<double>(v)); break;
      case DType::F32: store(item.bytes, static_cast<float>(v)); break;
      case DType::F16: store(item.bytes, narrow(static_cast<double>(v), binary16)); break;
      case DType::BF16: store(item.bytes, narrow(static_cast<double>(v), bfloat16)); break;
      default: throw ShapeError(std::string("Writer::add cannot store Real as ") + to_string(dtype));
    }
  }
  append(std::move(item));
}

void Writer::add_bool(std::string name, const std::vector<Index>& shape,
                      const std::vector<std::uint8_t>& values) {
  Item item{std::move(name), DType::BOOL, shape, {}};
  for (std::uint8_t v : values) item.bytes.push_back(v ? 1 : 0);
  append(std::move(item));
}

void Writer::add_int8(std::string name, const std::vector<Index>& shape,
                      const std::vector<std::int8_t>& values) {
  Item item{std::move(name), DType::I8, shape, {}};
  for (std::int8_t v : values) store(item.bytes, v);
  append(std::move(item));
}

void Writer::add_uint8(std::string name, const std::vector<Index>& shape,
                       const std::vector<std::uint8_t>& values) {
  append({std::move(name), DType::U8, shape, values});
}

void Writer::add_int64(std::string name, const std::vector<Index>& shape,
                       const std::vector<std::int64_t>& values) {
  Item item{std::move(name), DType::I64, shape, {}};
  for (std::int64_t v : values) store(item.bytes, v);
  append(std::move(item));
}

void Writer::set_metadata(std::string key, std::string value) {
  metadata_[std::move(key)] = std::move(value);
}

void Writer::append(Item item) {
  if (item.name == "__metadata__") throw ShapeError("__metadata__ cannot name a tensor");
  for (const Item& other : items_)
    if (other.name == item.name) throw ShapeError("two tensors named \"" + item.name + "\"");
  if (static_cast<Index>(item.bytes.size() / bytes_of(item.dtype)) != elements(item.shape))
    throw ShapeError("tensor \"" + item.name + "\": its values do not fill its shape");
  items_.push_back(std::move(item));
}

std::vector<std::uint8_t> Writer::finish() const {
  // Wide types first, as the reference writer does: every tensor is then aligned to its own type.
  std::vector<const Item*> order;
  for (const Item& item : items_) order.push_back(&item);
  std::sort(order.begin(), order.end(), [](const Item* a, const Item* b) {
    return bytes_of(a->dtype) != bytes_of(b->dtype) ? bytes_of(a->dtype) > bytes_of(b->dtype) : a < b;
  });

  Json header = Json::object();
  if (!metadata_.empty()) {
    Json metadata = Json::object();
    for (const auto& pair : metadata_) metadata.set(pair.first, Json::of(pair.second));
    header.set("__metadata__", std::move(metadata));
  }
  std::size_t at = 0;
  for (const Item* item : order) {
    Json shape = Json::array(), offsets = Json::array(), entry = Json::object();
    for (Index e : item->shape) shape.push(Json::of(static_cast<double>(e)));
    offsets.push(Json::of(static_cast<double>(at)));
    at += item->bytes.size();
    offsets.push(Json::of(static_cast<double>(at)));
    entry.set("dtype", Json::of(std::string(to_string(item->dtype))));
    entry.set("shape", std::move(shape));
    entry.set("data_offsets", std::move(offsets));
    header.set(item->name, std::move(entry));
  }

  std::string text = header.dump();
  while (text.size() % 8) text += ' ';
  std::vector<std::uint8_t> out;
  out.reserve(8 + text.size() + at);
  store(out, static_cast<std::uint64_t>(text.size()));
  out.insert(out.end(), text.begin(), text.end());
  for (const Item* item : order) out.insert(out.end(), item->bytes.begin(), item->bytes.end());
  return out;
}

}  // namespace attn::io
