// A small strict JSON reader (RFC 8259) and writer for configs and headers: valid UTF-8, no comments,
// no trailing commas, no duplicate keys, no lone surrogates, depth <= 64, at most 2^20 values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attn/base/error.hpp"

namespace attn::io {

class Json {
 public:
  enum class Type { null, boolean, number, string, array, object };

  static Result<Json> parse(std::string_view text);

  Json() = default;
  static Json of(bool v);
  static Json of(double v);
  static Json of(std::string v);
  static Json array();
  static Json object();

  Type type() const { return type_; }
  bool is(Type t) const { return type_ == t; }
  bool boolean() const { return boolean_; }
  double number() const { return number_; }
  // A number written without fraction or exponent and exactly representable: safe to use as a count.
  bool is_integer() const { return type_ == Type::number && integer_; }
  const std::string& string() const { return string_; }
  const std::vector<Json>& items() const { return items_; }
  const std::vector<std::pair<std::string, Json>>& members() const { return members_; }
  const Json* find(std::string_view key) const;  // objects; nullptr: absent

  void push(Json v) { items_.push_back(std::move(v)); }
  void set(std::string key, Json v);

  std::string dump() const;  // numbers round-trip; NaN and infinity, which JSON lacks, become null

 private:
  friend class JsonParser;
  Type type_ = Type::null;
  bool boolean_ = false;
  bool integer_ = false;
  double number_ = 0;
  std::string string_;
  std::vector<Json> items_;
  std::vector<std::pair<std::string, Json>> members_;
};

}  // namespace attn::io
