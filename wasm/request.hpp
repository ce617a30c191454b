// A request from the page and what goes back: JSON for what is small, flat arrays for the rest.
// A request that cannot be served is refused: Refusal carries an Error to the boundary, where it
// becomes a JavaScript Error (bindings.hpp). Nothing is allocated before its size was checked.
#pragma once

#include <cstdint>
#include <exception>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attn/analysis/interventions.hpp"
#include "attn/base/error.hpp"
#include "attn/base/tensor.hpp"
#include "attn/io/json.hpp"
#include "attn/model/transformer.hpp"

namespace attn::wasm {

class Refusal : public std::exception {
 public:
  explicit Refusal(Error error) : error_(std::move(error)) {}
  Refusal(ErrorCode code, std::string message) : error_{code, std::move(message)} {}
  const Error& error() const { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  Error error_;
};

// The value of a Result, or a Refusal with its error.
template <class T>
T take(Result<T> result) {
  if (!result) throw Refusal(result.error());
  return std::move(result).value();
}

struct Request {
  io::Json json;                    // an object
  std::vector<std::uint8_t> bytes;  // a file, if the call takes one
  std::vector<Real> numbers;        // weights or replacement activations, if the call takes them
};

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

struct Reply {
  io::Json value = io::Json::object();
  std::vector<NamedTensor> tensors;
  std::vector<std::uint8_t> bytes;
};

// Reads the members of an object and refuses with the member's name when one does not fit.
class Fields {
 public:
  Fields(const io::Json& object, std::string where);

  bool has(std::string_view key) const;  // present and not null
  const io::Json& at(std::string_view key) const;
  Index index(std::string_view key, Index low, Index high) const;
  Index index_or(std::string_view key, Index low, Index high, Index fallback) const;
  Real number_or(std::string_view key, Real fallback) const;
  Real number_in(std::string_view key, Real low, Real high, Real fallback) const;  // absent: fallback
  // The place of the member's text among `names`; a refusal lists them.
  Index choice(std::string_view key, std::initializer_list<const char*> names) const;
  bool flag_or(std::string_view key, bool fallback) const;
  std::string text(std::string_view key) const;
  const std::vector<io::Json>& list(std::string_view key) const;
  std::uint64_t seed(std::string_view key) const;  // absent: 1
  std::vector<Index> indices(std::string_view key, Index low, Index high) const;

 private:
  std::string name(std::string_view key) const;
  const io::Json& object_;
  std::string where_;
};

// [[..], [..]]: B sequences of one length T, as the model accepts them.
TokenBatch token_batch(const io::Json& sequences, const ModelConfig& config);
std::vector<TokenId> token_list(const std::vector<io::Json>& items, const ModelConfig& config);

// {layer, head}, and a list of them (absent: none).
HeadRef head_ref(const io::Json& json, const ModelConfig& config, std::string_view where);
std::vector<HeadRef> head_refs(const Fields& fields, std::string_view key, const ModelConfig& config);

// null when not finite: JSON has no NaN. The double's way keeps what a float would round away.
io::Json json_of(Real value);
io::Json json_of_double(double value);
io::Json json_of_count(Index value);
io::Json json_of(const Shape& shape);
// The object that `text` (our own to_json) spells.
io::Json json_of_text(const std::string& text);

// A row of numbers as a tensor. What may be NaN travels so: JSON would have to keep silent about it.
Tensor row_of(std::vector<Real> numbers);

// Refuse sizes before anything of that size is allocated.
void check_size(const ModelConfig& config, bool training, Index batch);
void check_circuit_size(const ModelConfig& config);  // [V, V]
void check_run_size(const ModelConfig& config, Index batch, Index length);

}  // namespace attn::wasm
