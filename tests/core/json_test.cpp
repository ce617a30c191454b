#include "attn/io/json.hpp"

#include <doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using attn::ErrorCode;
using attn::io::Json;

namespace {

bool rejected(std::string_view text) { return !Json::parse(text).ok(); }
std::string message(std::string_view text) {
  const auto r = Json::parse(text);
  return r.ok() ? "" : r.error().message;
}
std::string redump(std::string_view text) { return Json::parse(text).value().dump(); }
std::string nested(int depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("json: every kind of value, in the order of the text") {
  const auto r =
      Json::parse(" {\"a\" : [1, -2.5e3, true, false, null], \"b\": {\"c\": \"d\"}, \"\": 0} \r\n\t");
  REQUIRE(r.ok());
  REQUIRE(r->members().size() == 3);
  const Json& a = *r->find("a");
  REQUIRE(a.items().size() == 5);
  CHECK(a.items()[0].number() == 1);
  CHECK(a.items()[1].number() == -2500);
  CHECK(a.items()[2].boolean());
  CHECK_FALSE(a.items()[3].boolean());
  CHECK(a.items()[4].is(Json::Type::null));
  CHECK(r->find("b")->find("c")->string() == "d");
  CHECK(r->find("")->number() == 0);
  CHECK(r->find("absent") == nullptr);
  CHECK(r->dump() == "{\"a\":[1,-2500,true,false,null],\"b\":{\"c\":\"d\"},\"\":0}");
}

TEST_CASE("json: scalars at the top level and empty containers") {
  CHECK(redump("0") == "0");
  CHECK(redump("\"\"") == "\"\"");
  CHECK(redump("[ ]") == "[]");
  CHECK(redump("{ }") == "{}");
}

TEST_CASE("json: what RFC 8259 does not allow") {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{'a':1}",
                           "{\"a\" 1}",
                           "{\"a\":}",
                           "{\"a\":1 \"b\":2}",
                           "{1:2}",
                           "01",
                           "-",
                           "+1",
                           ".5",
                           "1.",
                           "1.e3",
                           "1e",
                           "1e+",
                           "0x10",
                           "NaN",
                           "Infinity",
                           "-Infinity",
                           "tru",
                           "nul",
                           "True",
                           "1 2",
                           "[1]]",
                           "// c\n1",
                           "/* c */1",
                           "\"a",
                           "\"\\x41\"",
                           "\"\\u12\"",
                           "\"\\u12G4\"",
                           "\"\n\"",
                           "\"\t\"",
                           "\"\\",
                           "\"\\u",
                           "1e999",
                           "-1e999",
                           "\xEF\xBB\xBF{}"})
    CHECK_MESSAGE(rejected(text), text);
  CHECK(rejected(std::string_view("\0", 1)));
  CHECK(rejected(std::string_view("1\0", 2)));
  CHECK(rejected(std::string_view("\"\0\"", 3)));
}

TEST_CASE("json: duplicate keys, also when written differently") {
  CHECK(message("{\"a\":1,\"b\":2,\"a\":3}").find("duplicate key \"a\"") != std::string::npos);
  CHECK(rejected("{\"a\":1,\"\\u0061\":2}"));
  CHECK(rejected("[{\"x\":{\"k\":1,\"k\":1}}]"));
  CHECK_FALSE(rejected("{\"a\":{\"a\":1}}"));
}

TEST_CASE("json: depth is bounded") {
  CHECK_FALSE(rejected(nested(64)));
  CHECK(rejected(nested(65)));
  CHECK(Json::parse(nested(65)).error().code == ErrorCode::too_large);
  CHECK(rejected(std::string(1'000'000, '[')));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  CHECK(rejected(objects));
}

TEST_CASE("json: the number of values is bounded") {
  std::string text = "[";
  for (int i = 0; i < (1 << 20) - 2; ++i) text += "0,";
  CHECK(Json::parse(text + "0]").ok());
  const auto r = Json::parse(text + "0,0]");
  REQUIRE_FALSE(r.ok());
  CHECK(r.error().code == ErrorCode::too_large);
}

TEST_CASE("json: UTF-8 is checked") {
  CHECK(Json::parse("\"\xD0\xB0\"").value().string() == "\xD0\xB0");
  CHECK_FALSE(rejected("\"\xF4\x8F\xBF\xBF\""));  // U+10FFFF
  CHECK(rejected("\"\xF4\x90\x80\x80\""));        // U+110000
  CHECK(rejected("\"\xC0\xAF\""));                // overlong '/'
  CHECK(rejected("\"\xE0\x80\xAF\""));
  CHECK(rejected("\"\xF0\x80\x80\xAF\""));
  CHECK(rejected("\"\xED\xA0\x80\""));  // a surrogate
  CHECK(rejected("\"\x80\""));
  CHECK(rejected("\"\xD0\""));  // cut short
  CHECK(rejected("\"\xD0"));
  CHECK(rejected("\"\xFF\""));
}

TEST_CASE("json: escapes and surrogate pairs") {
  CHECK(Json::parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"").value().string() == "\"\\/\b\f\n\r\t");
  CHECK(Json::parse("\"\\u0430\\uD83D\\uDE00\\u0000\"").value().string() ==
        std::string("\xD0\xB0\xF0\x9F\x98\x80\0", 7));
  for (const char* text : {"\"\\uD83D\"", "\"\\uDE00\"", "\"\\uD83D\\u0041\"", "\"\\uD83Dx\"",
                           "\"\\uD83D\\n\"", "\"\\uDE00\\uD83D\""})
    CHECK_MESSAGE(rejected(text), text);
}

TEST_CASE("json: integers are those written as integers") {
  CHECK(Json::parse("9007199254740991").value().is_integer());
  CHECK(Json::parse("-3").value().is_integer());
  CHECK_FALSE(Json::parse("9007199254740993").value().is_integer());  // not exact as a double
  CHECK_FALSE(Json::parse("1.0").value().is_integer());
  CHECK_FALSE(Json::parse("1e2").value().is_integer());
  CHECK(Json::of(3.0).is_integer());
  CHECK_FALSE(Json::of(2.5).is_integer());
  CHECK_FALSE(Json::of(true).is_integer());
}

TEST_CASE("json: numbers survive the round trip bit for bit") {
  std::mt19937_64 rng(7);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t bits = rng();
    double v = 0;
    std::memcpy(&v, &bits, 8);
    if (!std::isfinite(v)) continue;
    const double back = Json::parse(Json::of(v).dump()).value().number();
    CHECK(std::memcmp(&v, &back, 8) == 0);
  }
  CHECK(Json::of(0.1).dump() == "0.1");
  CHECK(Json::of(100.0).dump() == "100");
  CHECK(redump("-0.0") == "-0");
  CHECK(redump("5e-324") == Json::of(5e-324).dump());
  CHECK(Json::of(std::numeric_limits<double>::quiet_NaN()).dump() == "null");
}

TEST_CASE("json: strings survive the round trip") {
  std::string s("\0\x01\x1f\"\\/\x7f \xD0\xB0\xE2\x82\xAC\xF0\x9F\x98\x80", 18);
  CHECK(Json::parse(Json::of(s).dump()).value().string() == s);
  // Bytes that are not UTF-8 are replaced, so that what we write can always be read.
  CHECK(Json::parse(Json::of(std::string("a\xFFz")).dump()).value().string() == "a\xEF\xBF\xBDz");
}

TEST_CASE("json: errors say where") {
  CHECK(message("{\n  \"a\": 1,\n  \"b\": x\n}").find("line 3, column 8") != std::string::npos);
  CHECK(message("[1, 2").find("expected ',' or ']'") != std::string::npos);
}

TEST_CASE("json: truncation at every byte of a document is an error") {
  const std::string text = "{\"model\":{\"width\":64,\"t\":[true,null,-1.5e-3]},\"s\":\"\\u0430\xD0\xB0\"}";
  REQUIRE(Json::parse(text).ok());
  for (std::size_t n = 0; n < text.size(); ++n) CHECK(rejected(text.substr(0, n)));
}

TEST_CASE("json: set replaces, order is kept") {
  Json j = Json::object();
  j.set("b", Json::of(1.0));
  j.set("a", Json::of(true));
  j.set("b", Json::of(std::string("x")));
  CHECK(j.dump() == "{\"b\":\"x\",\"a\":true}");
}
