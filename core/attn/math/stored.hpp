// Weights kept in sixteen bits, as a file has them, and widened on the way into a product: a model of half a
// billion parameters in 1 GB instead of 2. For inference only: nothing is ever written back.
#pragma once

#include <cstdint>

#include "attn/math/matmul.hpp"

namespace attn {

// real: not stored at all but an ordinary Real.
enum class Storage : std::uint8_t { real, f16, bf16 };

// Row-major; every value is finite. The memory must outlive the view.
struct StoredView {
  const std::uint16_t* data = nullptr;
  Shape shape;
  Storage storage = Storage::bf16;
};

// out[i] = the value of in[i], exactly, for n numbers.
void widen(const std::uint16_t* in, Storage storage, Real* out, Index n);

// C = A·B (bias aside, what linear_forward does). A: [M, K], C: [M, N] row-major; B: [K, N] stored row-major,
// or, transposed, stored as [N, K] (a tied unembedding). B is widened a block at a time.
void matmul_stored(Matrix c, ConstMatrix a, const StoredView& b, bool transposed = false);

}  // namespace attn
