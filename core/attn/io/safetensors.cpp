#include "attn/io/safetensors.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "attn/io/json.hpp"

namespace attn::io {

namespace {

constexpr std::uint64_t max_header = 100'000'000;  // the limit of the reference implementation
constexpr std::uint64_t max_index = static_cast<std::uint64_t>(std::numeric_limits<Index>::max());

Error bad(std::string what, ErrorCode code = ErrorCode::malformed) {
  return {code, "safetensors: " + std::move(what)};
}
Error bad_tensor(const std::string& name, const std::string& what, ErrorCode code = ErrorCode::malformed) {
  return bad("tensor \"" + name + "\": " + what, code);
}

bool multiply(std::uint64_t a, std::uint64_t b, std::uint64_t& product) {
  return !__builtin_mul_overflow(a, b, &product) && product <= max_index;
}

// A count: a nonnegative integer, written as one, within 2^53 and the limit. Extents must fit this build's
// index type; offsets need not: a file that is read piece by piece may be longer than the memory.
bool count(const Json& j, std::uint64_t& out, std::uint64_t limit = max_index) {
  if (!j.is_integer() || std::signbit(j.number())) return false;
  out = static_cast<std::uint64_t>(j.number());
  return out <= limit;
}

struct Span {
  std::uint64_t begin = 0, end = 0;  // bytes within the data section
};

// One member of the header: {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}.
Result<Span> read_entry(const Json& j, TensorEntry& entry) {
  const std::string& name = entry.name;
  if (!j.is(Json::Type::object)) return bad_tensor(name, "its description is not an object");
  const Json *dtype = j.find("dtype"), *shape = j.find("shape"), *offsets = j.find("data_offsets");
  if (!dtype || !dtype->is(Json::Type::string)) return bad_tensor(name, "\"dtype\" must be a string");
  if (!shape || !shape->is(Json::Type::array)) return bad_tensor(name, "\"shape\" must be an array");
  if (!offsets || !offsets->is(Json::Type::array) || offsets->items().size() != 2)
    return bad_tensor(name, "\"data_offsets\" must be an array of two numbers");
  if (j.members().size() != 3)
    return bad_tensor(name, "it has fields other than \"dtype\", \"shape\" and \"data_offsets\"");

  const auto type = dtype_named(dtype->string());
  if (!type)
    return bad_tensor(
        name,
        "dtype \"" + dtype->string() + "\" is not one of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL",
        ErrorCode::unsupported);
  entry.dtype = *type;

  std::uint64_t bytes = bytes_of(*type);
  for (const Json& extent : shape->items()) {
    std::uint64_t e = 0;
    if (!count(extent, e)) return bad_tensor(name, "\"shape\" holds something that is not a count");
    if (!multiply(bytes, e, bytes)) return bad_tensor(name, "its size overflows", ErrorCode::too_large);
    entry.shape.push_back(static_cast<Index>(e));
  }

  Span span;
  constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();
  if (!count(offsets->items()[0], span.begin, any) || !count(offsets->items()[1], span.end, any))
    return bad_tensor(name, "\"data_offsets\" holds something that is not a count");
  if (span.begin > span.end) return bad_tensor(name, "\"data_offsets\" run backwards");
  if (span.end - span.begin != bytes)
    return bad_tensor(name, "its shape needs " + std::to_string(bytes) + " bytes, its data_offsets span " +
                                std::to_string(span.end - span.begin));
  entry.size = static_cast<std::size_t>(bytes);
  return span;
}

Status read_metadata(const Json& j, std::map<std::string, std::string>& out) {
  if (!j.is(Json::Type::object)) return bad("__metadata__ is not an object");
  for (const auto& member : j.members()) {
    if (!member.second.is(Json::Type::string))
      return bad("__metadata__[\"" + member.first + "\"] is not a string");
    out[member.first] = member.second.string();
  }
  return Unit{};
}

// The tensors, in the order of their data, must tile the data section without hole or overlap.
Status check_coverage(const std::vector<std::pair<Span, TensorEntry>>& found, std::uint64_t section) {
  std::uint64_t at = 0;
  for (const auto& item : found) {
    const Span& span = item.first;
    const std::string& name = item.second.name;
    if (span.end > section)
      return bad_tensor(name, "it ends at byte " + std::to_string(span.end) + " of a data section of " +
                                  std::to_string(section) + " (is the file cut short?)");
    if (span.begin < at) return bad_tensor(name, "its bytes overlap another tensor's");
    if (span.begin > at)
      return bad("there is a hole of " + std::to_string(span.begin - at) + " bytes before tensor \"" + name +
                 "\"");
    at = span.end;
  }
  if (at != section)
    return bad(std::to_string(section - at) + " bytes at the end of the file belong to no tensor");
  return Unit{};
}

}  // namespace

Result<std::size_t> SafeTensors::header_bytes(const std::uint8_t* prefix, std::size_t size,
                                              std::uint64_t file_size) {
  if (size < 8 || file_size < 8)
    return bad("the file has " + std::to_string(file_size) + " bytes, fewer than the 8 of the length prefix");
  std::uint64_t length = 0;
  std::memcpy(&length, prefix, 8);
  if (length > max_header)
    return bad("a header of " + std::to_string(length) +
                   " bytes is over the limit of 100000000 (is this a safetensors file?)",
               ErrorCode::too_large);
  if (length > file_size - 8)
    return bad("the header should have " + std::to_string(length) + " bytes, the file has " +
               std::to_string(file_size - 8) + " after the prefix (is it cut short?)");
  return static_cast<std::size_t>(length) + 8;
}

Result<SafeTensors> SafeTensors::parse_header(const std::uint8_t* bytes, std::size_t size,
                                              std::uint64_t file_size) {
  const auto end = header_bytes(bytes, size, file_size);
  if (!end) return end.error();
  if (*end > size) return bad("the header was not read to its end");
  const std::string_view text(reinterpret_cast<const char*>(bytes + 8), *end - 8);
  if (text.empty() || text[0] != '{') return bad("the header does not start with '{'");
  const auto header = Json::parse(text);
  if (!header) return bad("in the header, " + header.error().message, header.error().code);

  SafeTensors file;
  std::vector<std::pair<Span, TensorEntry>> found;
  for (const auto& member : header->members()) {
    if (member.first == "__metadata__") {
      const Status ok = read_metadata(member.second, file.metadata_);
      if (!ok) return ok.error();
      continue;
    }
    TensorEntry entry{};
    entry.name = member.first;
    const auto span = read_entry(member.second, entry);
    if (!span) return span.error();
    found.emplace_back(*span, std::move(entry));
  }
  // An empty tensor sorts before the one that begins where it lies.
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    if (a.first.begin != b.first.begin) return a.first.begin < b.first.begin;
    return a.first.end != b.first.end ? a.first.end < b.first.end : a.second.name < b.second.name;
  });
  const Status covered = check_coverage(found, file_size - *end);
  if (!covered) return covered.error();
  for (auto& item : found) {
    item.second.offset = *end + item.first.begin;
    file.entries_.push_back(std::move(item.second));
  }
  return file;
}

Result<SafeTensors> SafeTensors::parse(const std::uint8_t* bytes, std::size_t size) {
  auto file = parse_header(bytes, size, size);
  if (!file) return file;
  for (TensorEntry& entry : file->entries_) entry.data = bytes + entry.offset;
  return file;
}

const TensorEntry* SafeTensors::find(std::string_view name) const {
  for (const TensorEntry& entry : entries_)
    if (entry.name == name) return &entry;
  return nullptr;
}

}  // namespace attn::io
