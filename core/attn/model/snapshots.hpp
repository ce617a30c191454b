// States of a model along its training, small enough to be shipped beside it. Snapshot k is predicted, matrix
// by matrix, from the one before it and from the final model, and what the prediction misses is kept in whole
// steps:
//
//   W_k = a W_(k-1) + b W_final + s q,   q whole,   s = coarseness · rms(W_k)
//
// a and b by least squares; q by a range coder (io/range_coder.hpp); W_0 is the random initialisation, which
// its seed tells; vectors (gains) are kept as they are. W_(k-1) is the reconstruction, so errors do not add
// up: every weight is within about s / 2 of the true one, give or take the wider zone of q = 0. Uniform steps
// under an entropy coder stay within a quarter of a bit per weight of the best there is (Gish and Pierce
// 1968).
//
// File: safetensors; for k = 1, 2 ...: "k.codes" U8 [n], "k.fit" F32 [matrices, 3] (a, b, s), "k.vectors" F32
// [m]; metadata "attn.config", and "attn.snapshots" = {"seed": .., "steps": [0, ..]}.
#pragma once

#include <cstdint>
#include <vector>

#include "attn/base/error.hpp"
#include "attn/io/safetensors.hpp"
#include "attn/model/transformer.hpp"

namespace attn {

struct Snapshot {
  std::uint64_t step;
  Model model;
};

// The first snapshot must be the initialisation from `seed`, exactly. A larger coarseness makes a smaller
// file.
Result<std::vector<std::uint8_t>> save_snapshots(const std::vector<Snapshot>& snapshots, std::uint64_t seed,
                                                 const Model& final_model, Real coarseness);

class SnapshotFile {
 public:
  // The bytes must outlive the object.
  static Result<SnapshotFile> parse(const std::uint8_t* bytes, std::size_t size);
  const std::vector<std::uint64_t>& steps() const { return steps_; }
  // `final_model` is the one that the file was made with: the shipped model.
  Result<Model> load(std::size_t k, const Model& final_model) const;
  // The same for who has number k - 1 already, as this file gives it: one step instead of k.
  Result<Model> load_after(const Model& previous, std::size_t k, const Model& final_model) const;

 private:
  Status check(std::size_t k, const Model& final_model) const;
  Status advance(Parameters& state, std::size_t k, const Model& final_model) const;
  io::SafeTensors file_;
  ModelConfig config_;
  std::uint64_t seed_ = 0;
  std::vector<std::uint64_t> steps_;
};

}  // namespace attn
