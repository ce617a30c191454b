#include "attn/io/safetensors.hpp"

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using namespace attn;
using namespace attn::io;
using Bytes = std::vector<std::uint8_t>;

namespace {

Bytes file(const std::string& header, std::size_t data, std::uint64_t declared) {
  Bytes out(8 + header.size() + data);
  std::memcpy(out.data(), &declared, 8);
  std::copy(header.begin(), header.end(), out.begin() + 8);
  return out;
}
Bytes file(const std::string& header, std::size_t data = 0) { return file(header, data, header.size()); }

Result<SafeTensors> parse(const Bytes& b) { return SafeTensors::parse(b.data(), b.size()); }

// The error's text, or "" when the file is accepted.
std::string message(const Bytes& b) {
  const auto r = parse(b);
  return r.ok() ? "" : r.error().message;
}
void check_says(const Bytes& b, const char* expected) {
  const std::string text = message(b);
  CHECK_MESSAGE(text.find(expected) != std::string::npos, "expected \"", expected, "\", got \"", text, "\"");
}

std::string one(const char* dtype, const char* shape, const char* offsets) {
  return std::string("{\"t\":{\"dtype\":\"") + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}}";
}

Bytes sample() {
  Tensor a(Shape{2, 3}, {1, -2, 3.5, 0, 1e-30f, -1e30f});
  Tensor scalar(Shape{}, {42});
  Writer w;
  w.set_metadata("attn.config", "{\"width\":64}");
  w.set_metadata("note", "\xD0\xB0\"\n");
  w.add_bool("mask", {3}, {1, 0, 1});
  w.add("a", a);
  w.add("scalar", scalar, DType::F16);
  w.add("b", a, DType::BF16);
  w.add("wide", a, DType::F64);
  w.add_int64("ids", {2, 2}, {-1, 0, 1, std::numeric_limits<std::int64_t>::max()});
  w.add("empty", Tensor(Shape{0, 5}));
  return w.finish();
}

}  // namespace

TEST_CASE("safetensors: what is written is read back") {
  const Bytes bytes = sample();
  const auto r = parse(bytes);
  REQUIRE(r.ok());
  CHECK(r->entries().size() == 7);
  CHECK(r->metadata().at("attn.config") == "{\"width\":64}");
  CHECK(r->metadata().at("note") == "\xD0\xB0\"\n");
  const Tensor a = to_tensor(*r->find("a")).value();
  CHECK(a.shape == Shape{2, 3});
  CHECK(a.data == std::vector<Real>{1, -2, 3.5, 0, 1e-30f, -1e30f});
  CHECK(to_tensor(*r->find("scalar")).value().data == std::vector<Real>{42});
  CHECK(to_tensor(*r->find("scalar")).value().shape.rank() == 0);
  CHECK(to_tensor(*r->find("wide")).value().data == a.data);
  CHECK(to_tensor(*r->find("b")).value().data[2] == Real(3.5));
  CHECK(to_integers(*r->find("ids")).value()[3] == std::numeric_limits<std::int64_t>::max());
  CHECK(to_integers(*r->find("mask")).value() == std::vector<std::int64_t>{1, 0, 1});
  CHECK(to_tensor(*r->find("empty")).value().shape == Shape{0, 5});
  CHECK(r->find("absent") == nullptr);
}

TEST_CASE("safetensors: the writer aligns every tensor to its type") {
  const Bytes bytes = sample();
  const auto r = parse(bytes);
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), 8);
  CHECK(header % 8 == 0);
  for (const TensorEntry& e : r->entries())
    CHECK(static_cast<std::size_t>(e.data - bytes.data()) % bytes_of(e.dtype) == 0);
}

TEST_CASE("safetensors: integer types keep sign and range") {
  Bytes b = file(
      "{\"i8\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]},"
      "\"u8\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]},"
      "\"i16\":{\"dtype\":\"I16\",\"shape\":[1],\"data_offsets\":[2,4]},"
      "\"i32\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
      8);
  for (std::size_t i = b.size() - 8; i < b.size(); ++i) b[i] = 0xFE;
  const auto r = parse(b);
  REQUIRE(r.ok());
  CHECK(to_integers(*r->find("i8")).value()[0] == -2);
  CHECK(to_integers(*r->find("u8")).value()[0] == 254);
  CHECK(to_integers(*r->find("i16")).value()[0] == -258);
  CHECK(to_integers(*r->find("i32")).value()[0] == -16843010);
  CHECK(to_tensor(*r->find("i16")).value().data[0] == -258);
}

TEST_CASE("safetensors: hostile files, by name") {
  SUBCASE("empty file") { check_says({}, "0 bytes"); }
  SUBCASE("prefix cut short") { check_says(Bytes(7), "7 bytes"); }
  SUBCASE("header length zero") { check_says(file(""), "does not start with '{'"); }
  SUBCASE("header longer than the file") { check_says(file("{}", 0, 3), "should have 3 bytes"); }
  SUBCASE("header over 100 MB") { check_says(file("{}", 0, 100'000'001), "over the limit"); }
  SUBCASE("header length near 2^64") { check_says(file("{}", 0, ~0ull), "over the limit"); }
  SUBCASE("header length near 2^64, less the prefix") {
    check_says(file("{}", 0, ~0ull - 7), "over the limit");
  }
  SUBCASE("header starts with a space") { check_says(file(" {}"), "does not start with '{'"); }
  SUBCASE("header is an array") { check_says(file("[]"), "does not start with '{'"); }
  SUBCASE("header not UTF-8") { check_says(file("{\"\xFF\":1}"), "UTF-8"); }
  SUBCASE("header not JSON") { check_says(file("{\"t\":"), "JSON, line 1"); }
  SUBCASE("text after the header's object") { check_says(file("{}x"), "after the end"); }
  SUBCASE("nul padding") { check_says(file(std::string("{}\0", 3)), "after the end"); }
  SUBCASE("deep nesting") { check_says(file("{\"t\":" + std::string(100'000, '[')), "nested deeper"); }
  SUBCASE("duplicate tensor") {
    check_says(file("{\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                    "\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
                    2),
               "duplicate key \"t\"");
  }
  SUBCASE("entry is not an object") { check_says(file("{\"t\":3}"), "not an object"); }
  SUBCASE("dtype missing") {
    check_says(file("{\"t\":{\"shape\":[],\"data_offsets\":[0,4]}}", 4), "\"dtype\"");
  }
  SUBCASE("shape missing") {
    check_says(file("{\"t\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4), "\"shape\"");
  }
  SUBCASE("offsets missing") {
    check_says(file("{\"t\":{\"dtype\":\"F32\",\"shape\":[]}}", 4), "\"data_offsets\"");
  }
  SUBCASE("a field too many") {
    check_says(file("{\"t\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4],\"x\":1}}", 4),
               "fields other");
  }
  SUBCASE("unknown dtype") { check_says(file(one("F8_E4M3", "[1]", "[0,1]"), 1), "F8_E4M3"); }
  SUBCASE("dtype in lower case") { check_says(file(one("f32", "[1]", "[0,4]"), 4), "f32"); }
  SUBCASE("negative extent") { check_says(file(one("F32", "[-1]", "[0,4]"), 4), "not a count"); }
  SUBCASE("negative zero extent") { check_says(file(one("F32", "[-0]", "[0,0]")), "not a count"); }
  SUBCASE("fractional extent") { check_says(file(one("F32", "[1.0]", "[0,4]"), 4), "not a count"); }
  SUBCASE("extent with an exponent") { check_says(file(one("F32", "[1e0]", "[0,4]"), 4), "not a count"); }
  SUBCASE("extent is a string") { check_says(file(one("F32", "[\"1\"]", "[0,4]"), 4), "not a count"); }
  SUBCASE("extent beyond 2^53") {
    check_says(file(one("F32", "[9007199254740993]", "[0,4]"), 4), "not a count");
  }
  SUBCASE("product overflows") {
    check_says(file(one("F32", "[4294967296,4294967296]", "[0,0]")),
               sizeof(Index) == 8 ? "overflows" : "not a count");
  }
  SUBCASE("product overflows before a zero") {
    check_says(file(one("U8", "[2147483647,2147483647,2147483647,0]", "[0,0]")), "overflows");
  }
  SUBCASE("bytes overflow") {
    check_says(file(one("F64", sizeof(Index) == 8 ? "[2000000000,1000000000]" : "[2000000000]", "[0,0]")),
               "overflows");
  }
  SUBCASE("offsets of three") { check_says(file(one("F32", "[1]", "[0,4,4]"), 4), "two numbers"); }
  SUBCASE("offsets backwards") { check_says(file(one("F32", "[1]", "[4,0]"), 4), "backwards"); }
  SUBCASE("offsets negative") { check_says(file(one("F32", "[1]", "[-4,0]"), 4), "not a count"); }
  SUBCASE("offsets fractional") { check_says(file(one("F32", "[1]", "[0,4.5]"), 4), "not a count"); }
  SUBCASE("size and shape disagree") { check_says(file(one("F32", "[2]", "[0,4]"), 4), "needs 8 bytes"); }
  SUBCASE("data cut short") { check_says(file(one("F32", "[2]", "[0,8]"), 4), "data section of 4"); }
  SUBCASE("bytes left over") { check_says(file(one("F32", "[1]", "[0,4]"), 5), "1 bytes at the end"); }
  SUBCASE("no tensors, yet data") { check_says(file("{}", 1), "1 bytes at the end"); }
  SUBCASE("hole at the start") { check_says(file(one("F32", "[1]", "[4,8]"), 8), "hole of 4 bytes"); }
  SUBCASE("hole in the middle") {
    check_says(file("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                    "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]}}",
                    3),
               "hole of 1 bytes");
  }
  SUBCASE("overlap") {
    check_says(file("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                    "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
                    3),
               "overlap");
  }
  SUBCASE("two tensors on the same bytes") {
    check_says(file("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                    "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
                    2),
               "overlap");
  }
  SUBCASE("metadata is not an object") { check_says(file("{\"__metadata__\":[]}"), "not an object"); }
  SUBCASE("metadata value is a number") { check_says(file("{\"__metadata__\":{\"a\":1}}"), "not a string"); }
}

TEST_CASE("safetensors: what the format allows") {
  CHECK(parse(file("{}")).ok());
  CHECK(parse(file("{}      ")).ok());  // padding with spaces
  CHECK(parse(file("{\"__metadata__\":{}}")).ok());
  CHECK(parse(file(one("F32", "[]", "[0,4]"), 4)).ok());
  CHECK(parse(file(one("F32", "[0]", "[0,0]"))).ok());
  CHECK(parse(file(one("F32", "[1,1,1,1,1,1,1,1]", "[0,4]"), 4)).ok());
  // Tensors need not be listed in the order of their data.
  const Bytes b = file(
      "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]},"
      "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
      2);
  const auto r = parse(b);
  REQUIRE(r.ok());
  CHECK(r->entries()[0].name == "a");
}

TEST_CASE("safetensors: conversions refuse what they cannot do") {
  const Bytes ranks = file(one("F32", "[1,1,1,1,1,1,1]", "[0,4]"), 4);
  CHECK(to_tensor(parse(ranks).value().entries()[0]).error().code == ErrorCode::unsupported);
  Bytes flag = file(one("BOOL", "[1]", "[0,1]"), 1);
  CHECK(to_tensor(parse(flag).value().entries()[0]).error().code == ErrorCode::mismatch);
  flag.back() = 2;
  CHECK(to_integers(parse(flag).value().entries()[0]).error().code == ErrorCode::malformed);
  const Bytes real = file(one("F32", "[1]", "[0,4]"), 4);
  CHECK(to_integers(parse(real).value().entries()[0]).error().code == ErrorCode::mismatch);
}

TEST_CASE("safetensors: NaN and infinity pass unless finite_only") {
  for (const double v : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    for (const DType dtype : {DType::F64, DType::F32, DType::F16, DType::BF16}) {
      Writer w;
      w.add("t", Tensor(Shape{2}, {1, static_cast<Real>(v)}), dtype);
      const Bytes b = w.finish();
      const auto r = parse(b);
      CHECK_FALSE(std::isfinite(to_tensor(r->entries()[0]).value().data[1]));
      const auto strict = to_tensor(r->entries()[0], true);
      REQUIRE_FALSE(strict.ok());
      CHECK(strict.error().code == ErrorCode::non_finite);
      CHECK(strict.error().message.find("element 1") != std::string::npos);
    }
}

TEST_CASE("safetensors: the writer refuses what would not be read back") {
  Writer w;
  w.add("t", Tensor(Shape{1}));
  CHECK_THROWS_AS(w.add("t", Tensor(Shape{1})), ShapeError);
  CHECK_THROWS_AS(w.add("__metadata__", Tensor(Shape{1})), ShapeError);
  CHECK_THROWS_AS(w.add("i", Tensor(Shape{1}), DType::I64), ShapeError);
  CHECK_THROWS_AS(w.add_bool("b", {2}, {1}), ShapeError);
}

TEST_CASE("safetensors: truncated at any byte, the file is an error") {
  const Bytes whole = sample();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    CHECK_FALSE(parse(part).ok());
  }
}

// Whatever bytes change, parsing gives an error or tensors that lie within the file.
TEST_CASE("safetensors: mutations never read outside the file") {
  const Bytes whole = sample();
  std::mt19937_64 rng(11);
  int accepted = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    Bytes b = whole;
    const std::size_t changes = 1 + rng() % 3;
    for (std::size_t i = 0; i < changes; ++i) b[rng() % b.size()] = static_cast<std::uint8_t>(rng());
    const auto r = parse(b);
    if (!r.ok()) continue;
    ++accepted;
    for (const TensorEntry& e : r->entries()) {
      REQUIRE(e.data >= b.data());
      REQUIRE(e.data + e.size <= b.data() + b.size());
      (void)to_tensor(e).ok();
      (void)to_integers(e).ok();
    }
  }
  CHECK(accepted > 0);  // changes in the data section are not errors
}
