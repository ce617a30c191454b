#include "attn/io/json.hpp"

#include <cmath>

#include "attn/io/decimal.hpp"
#include "attn/io/utf8.hpp"

namespace attn::io {

Json Json::of(bool v) {
  Json j;
  j.type_ = Type::boolean;
  j.boolean_ = v;
  return j;
}

Json Json::of(double v) {
  Json j;
  j.type_ = Type::number;
  j.number_ = v;
  j.integer_ = std::floor(v) == v && std::fabs(v) < 9007199254740992.0;
  return j;
}

Json Json::of(std::string v) {
  Json j;
  j.type_ = Type::string;
  j.string_ = std::move(v);
  return j;
}

Json Json::array() {
  Json j;
  j.type_ = Type::array;
  return j;
}

Json Json::object() {
  Json j;
  j.type_ = Type::object;
  return j;
}

const Json* Json::find(std::string_view key) const {
  for (const auto& member : members_)
    if (member.first == key) return &member.second;
  return nullptr;
}

void Json::set(std::string key, Json v) {
  for (auto& member : members_)
    if (member.first == key) {
      member.second = std::move(v);
      return;
    }
  members_.emplace_back(std::move(key), std::move(v));
}

namespace {

void dump_string(const std::string& s, std::string& out) {
  static const char* const hex = "0123456789abcdef";
  out += '"';
  for (std::size_t i = 0; i < s.size();) {
    const CodePoint c = decode_utf8(s, i);
    if (c.length == 0) {
      out += "\xEF\xBF\xBD";  // U+FFFD for a byte that is not UTF-8
      ++i;
      continue;
    }
    if (c.value == '"' || c.value == '\\') {
      out += '\\';
      out += static_cast<char>(c.value);
    } else if (c.value == '\n') {
      out += "\\n";
    } else if (c.value < 0x20) {
      out += "\\u00";
      out += hex[c.value >> 4];
      out += hex[c.value & 15];
    } else {
      out.append(s, i, static_cast<std::size_t>(c.length));
    }
    i += static_cast<std::size_t>(c.length);
  }
  out += '"';
}

void dump_value(const Json& j, std::string& out) {
  const char* separator = "";
  switch (j.type()) {
    case Json::Type::null: out += "null"; return;
    case Json::Type::boolean: out += j.boolean() ? "true" : "false"; return;
    case Json::Type::number: out += std::isfinite(j.number()) ? print_double(j.number()) : "null"; return;
    case Json::Type::string: dump_string(j.string(), out); return;
    case Json::Type::array:
      out += '[';
      for (const Json& item : j.items()) {
        out += separator;
        dump_value(item, out);
        separator = ",";
      }
      out += ']';
      return;
    case Json::Type::object:
      out += '{';
      for (const auto& member : j.members()) {
        out += separator;
        dump_string(member.first, out);
        out += ':';
        dump_value(member.second, out);
        separator = ",";
      }
      out += '}';
      return;
  }
}

}  // namespace

std::string Json::dump() const {
  std::string out;
  dump_value(*this, out);
  return out;
}

}  // namespace attn::io
