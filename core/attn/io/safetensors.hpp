// A strict safetensors reader and writer over byte spans (format: huggingface/safetensors README).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attn/base/error.hpp"
#include "attn/base/tensor.hpp"

namespace attn::io {

enum class DType { F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL };
std::size_t bytes_of(DType dtype);
const char* to_string(DType dtype);
std::optional<DType> dtype_named(std::string_view name);

struct TensorEntry {
  std::string name;
  DType dtype;
  std::vector<Index> shape;            // rank may exceed Shape::max_rank; converting checks
  const std::uint8_t* data = nullptr;  // into the caller's bytes; not aligned
  std::size_t size = 0;                // bytes
  std::uint64_t offset = 0;            // of the first of them in the file
};

// Checked on reading: 8-byte length prefix within the file and <= 100 MB; header is UTF-8 JSON that
// starts with '{', without duplicate keys; every entry has exactly dtype, shape, data_offsets; shapes
// and products do not overflow; offsets are ordered, in range, of the right size, without holes or
// overlap, and the data section is covered to its last byte; __metadata__ maps strings to strings.
class SafeTensors {
 public:
  // The bytes must outlive the object.
  static Result<SafeTensors> parse(const std::uint8_t* bytes, std::size_t size);

  // The table alone, for files that are read piece by piece: `bytes` are the first header_bytes() of a file
  // of `file_size`. The entries have offsets and no data.
  static Result<SafeTensors> parse_header(const std::uint8_t* bytes, std::size_t size,
                                          std::uint64_t file_size);
  // From the first 8 bytes of a file: the length prefix and the header it announces.
  static Result<std::size_t> header_bytes(const std::uint8_t* prefix, std::size_t size,
                                          std::uint64_t file_size);

  const std::vector<TensorEntry>& entries() const { return entries_; }  // in the order of their data
  const TensorEntry* find(std::string_view name) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  std::vector<TensorEntry> entries_;
  std::map<std::string, std::string> metadata_;
};

// Widened to Real (F64 is rounded to it); F32/F16/BF16/F64 and the integer types. NaN and infinity pass
// unless `finite_only`.
Result<Tensor> to_tensor(const TensorEntry& entry, bool finite_only = false);
Result<std::vector<std::int64_t>> to_integers(const TensorEntry& entry);  // I64, I32, I16, I8, U8, BOOL

class Writer {
 public:
  // F32, F16 or BF16 (rounded to nearest even), F64
  void add(std::string name, ConstView tensor, DType dtype = DType::F32);
  void add_bool(std::string name, const std::vector<Index>& shape, const std::vector<std::uint8_t>& values);
  void add_int8(std::string name, const std::vector<Index>& shape, const std::vector<std::int8_t>& values);
  void add_uint8(std::string name, const std::vector<Index>& shape, const std::vector<std::uint8_t>& values);
  void add_int64(std::string name, const std::vector<Index>& shape, const std::vector<std::int64_t>& values);
  void set_metadata(std::string key, std::string value);
  std::vector<std::uint8_t> finish() const;

 private:
  struct Item {
    std::string name;
    DType dtype;
    std::vector<Index> shape;
    std::vector<std::uint8_t> bytes;
  };
  void append(Item item);
  std::vector<Item> items_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace attn::io
