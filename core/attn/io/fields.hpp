// One list of fields serves both the reader and the writer of a config struct:
//
//   template <class Fields> void fields(Fields& f, TaskConfig& c) {
//     f.choice("kind", c.kind, kinds);
//     f("vocab", c.vocab);
//   }
//
// Reading: absent keys keep their defaults, unknown keys and wrong types are errors in words.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "attn/base/error.hpp"
#include "attn/base/real.hpp"
#include "attn/io/decimal.hpp"
#include "attn/io/json.hpp"

namespace attn::io {

template <class E>
struct Choice {
  const char* name;
  E value;
};

class FieldReader {
 public:
  // `where` names the object in messages: "task", "model"; empty for the outermost.
  FieldReader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object_.is(Json::Type::object))
      fail((where_.empty() ? "the config" : where_) + " must be a JSON object");
  }

  void operator()(const char* key, Index& v) { whole(key, v); }
  void operator()(const char* key, std::uint64_t& v) { whole(key, v); }
  void operator()(const char* key, Real& v) {
    const Json* j = take(key, Json::Type::number, "a number");
    if (!j) return;
    v = static_cast<Real>(j->number());
    if (!std::isfinite(v)) fail(path(key) + " is too large");
  }
  void operator()(const char* key, bool& v) {
    if (const Json* j = take(key, Json::Type::boolean, "true or false")) v = j->boolean();
  }
  template <class E, std::size_t N>
  void choice(const char* key, E& v, const Choice<E> (&choices)[N]) {
    const Json* j = take(key, Json::Type::string, "a string");
    if (!j) return;
    std::string names;
    for (const Choice<E>& c : choices) {
      if (j->string() == c.name) {
        v = c.value;
        return;
      }
      names += names.empty() ? c.name : std::string(", ") + c.name;
    }
    fail(path(key) + " = \"" + j->string() + "\" is not one of " + names);
  }
  // A nested object, handed on as it is; nullptr: absent.
  const Json* object(const char* key) { return take(key, Json::Type::object, "an object"); }

  void fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
  }

  // After the last field: the first error, or a key that no field claimed.
  Status finish() const {
    if (!error_.empty()) return Error{ErrorCode::malformed, error_};
    for (const auto& member : object_.members()) {
      bool known = false;
      std::string names;
      for (const char* key : keys_) {
        known = known || member.first == key;
        names += names.empty() ? key : std::string(", ") + key;
      }
      if (!known)
        return Error{ErrorCode::malformed,
                     path(member.first.c_str()) + " is not a known field; known are " + names};
    }
    return Unit{};
  }

 private:
  std::string path(const char* key) const { return where_.empty() ? key : where_ + "." + key; }

  const Json* take(const char* key, Json::Type type, const char* wanted) {
    keys_.push_back(key);
    const Json* j = object_.is(Json::Type::object) ? object_.find(key) : nullptr;
    if (j && !j->is(type)) {
      fail(path(key) + " must be " + wanted);
      return nullptr;
    }
    return j;
  }
  template <class T>
  void whole(const char* key, T& v) {
    const Json* j = take(key, Json::Type::number, "a whole number");
    if (!j) return;
    // Above 2^53 a JSON number no longer names one integer.
    const double x = j->number();
    if (!(x >= 0 && x <= 9007199254740992.0) || x != std::floor(x))
      return fail(path(key) + " must be a whole number from 0 to 2^53");
    if (x > static_cast<double>(std::numeric_limits<T>::max())) return fail(path(key) + " is too large");
    v = static_cast<T>(x);
  }

  const Json& object_;
  std::string where_, error_;
  std::vector<const char*> keys_;
};

class FieldWriter {
 public:
  void operator()(const char* key, Index v) { json_.set(key, Json::of(static_cast<double>(v))); }
  void operator()(const char* key, std::uint64_t v) { json_.set(key, Json::of(static_cast<double>(v))); }
  // Through the shortest decimal that reads back the same Real: 0.01, not 0.009999999776482582.
  void operator()(const char* key, Real v) { json_.set(key, Json::of(shortest(v))); }
  void operator()(const char* key, bool v) { json_.set(key, Json::of(v)); }
  template <class E, std::size_t N>
  void choice(const char* key, E v, const Choice<E> (&choices)[N]) {
    for (const Choice<E>& c : choices)
      if (c.value == v) json_.set(key, Json::of(std::string(c.name)));
  }
  void object(const char* key, Json v) { json_.set(key, std::move(v)); }
  const Json& json() const { return json_; }

 private:
  Json json_ = Json::object();
};

}  // namespace attn::io
