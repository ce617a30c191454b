// Two kinds of failure, kept apart:
//  * programmer errors (shapes that do not fit) throw ShapeError with the shapes in the text;
//  * bad input (a file, a config, a request) comes back as a Result holding an Error.
// The library never prints and never aborts.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace attn {

enum class ErrorCode {
  malformed,     // the bytes are not what the format demands
  unsupported,   // well-formed, but outside what this build handles
  mismatch,      // two inputs that should fit together do not
  out_of_range,  // an index, a token or a size beyond its limit
  too_large,     // would exceed a stated memory or length limit
  non_finite,    // NaN or infinity where a number is needed
};

const char* to_string(ErrorCode code);

struct Error {
  ErrorCode code;
  std::string message;  // says what is wrong, where, and what would be accepted
};

// A value or an Error; the small part of std::expected (C++23) that we use.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return check(), std::get<0>(state_); }
  const T& value() const& { return check(), std::get<0>(state_); }
  T&& value() && { return check(), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const { return std::get<1>(state_); }

 private:
  void check() const {
    if (!ok()) throw std::runtime_error(std::get<1>(state_).message);
  }
  std::variant<T, Error> state_;
};

// A Result without a value.
struct Unit {};
using Status = Result<Unit>;

// Shapes or arguments that no input could make right: a bug in the caller.
class ShapeError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

}  // namespace attn
