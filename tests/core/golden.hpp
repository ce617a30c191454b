// Golden vectors from PyTorch (tests/golden/generate.py) and how close to them is close.
#pragma once

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "attn/io/safetensors.hpp"

namespace attn::test {

class Golden {
 public:
  explicit Golden(const std::string& file) : bytes_(read(std::string(ATTN_GOLDEN_DIR) + "/" + file)) {
    auto parsed = io::SafeTensors::parse(bytes_.data(), bytes_.size());
    REQUIRE_MESSAGE(parsed.ok(), file);
    tensors_ = *parsed;
  }

  bool has(const std::string& name) const { return tensors_.find(name) != nullptr; }
  Tensor tensor(const std::string& name) const {
    const io::TensorEntry* entry = tensors_.find(name);
    REQUIRE_MESSAGE(entry != nullptr, "no golden tensor " << name);
    return *io::to_tensor(*entry);
  }
  std::vector<std::int64_t> integers(const std::string& name) const {
    const io::TensorEntry* entry = tensors_.find(name);
    REQUIRE_MESSAGE(entry != nullptr, "no golden tensor " << name);
    return *io::to_integers(*entry);
  }
  std::vector<TokenId> tokens(const std::string& name) const {
    std::vector<TokenId> out;
    for (std::int64_t t : integers(name)) out.push_back(static_cast<TokenId>(t));
    return out;
  }
  std::string metadata(const std::string& key) const { return tensors_.metadata().at(key); }
  const io::SafeTensors& all() const { return tensors_; }

 private:
  static std::vector<std::uint8_t> read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    REQUIRE_MESSAGE(in.good(), path);
    return std::vector<std::uint8_t>(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  std::vector<std::uint8_t> bytes_;
  io::SafeTensors tensors_;
};

// |got - want| <= max|want| · k·ε + ε: k counts the roundings on the longest path to a number (additions
// of its sums, one after another), each at most ε of the largest value. The tolerance must be smaller
// than the values, or the comparison would prove nothing.
inline void check_close(const std::string& what, ConstView got, ConstView want, double k) {
  constexpr double epsilon = std::numeric_limits<Real>::epsilon();
  REQUIRE_MESSAGE(got.size() == want.size(), what);
  double largest = 0, worst = 0;
  for (Index i = 0; i < want.size(); ++i) {
    largest = std::max(largest, std::fabs(static_cast<double>(want[i])));
    const double error = std::fabs(static_cast<double>(got[i]) - static_cast<double>(want[i]));
    worst = std::isnan(error) ? std::numeric_limits<double>::infinity() : std::max(worst, error);
  }
  const double tolerance = largest * k * epsilon + epsilon;
  INFO(what << ": worst error " << worst << ", tolerance " << tolerance << ", largest value " << largest);
  CHECK(worst <= tolerance);
  CHECK((largest == 0 || tolerance < 0.01 * largest));
}

}  // namespace attn::test
