#include "attn/math/stored.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace attn {
namespace {

// A block of B in Real: 256 KB of floats, which stays in the second-level cache while it is multiplied.
constexpr Index kDepth = 256, kWidth = 256;

float bits_to_float(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// bfloat16 is the upper half of a float.
Real from_bf16(std::uint16_t h) { return static_cast<Real>(bits_to_float(std::uint32_t(h) << 16)); }

// binary16 has exponent bias 15, float 127: the fields are moved into place and the difference is multiplied
// in. Exact for subnormals too; infinities and NaN are refused on loading.
Real from_f16(std::uint16_t h) {
  const float magnitude = bits_to_float(std::uint32_t(h & 0x7fff) << 13) * 0x1p112f;
  return static_cast<Real>(h & 0x8000 ? -magnitude : magnitude);
}

// block: [rows, cols] from rows of `outer` numbers.
void widen_block(const StoredView& b, Index offset, Index outer, Index rows, Index cols, Real* block) {
  for (Index r = 0; r < rows; ++r) widen(b.data + offset + r * outer, b.storage, block + r * cols, cols);
}

}  // namespace

void widen(const std::uint16_t* in, Storage storage, Real* out, Index n) {
  if (storage == Storage::bf16)
    for (Index i = 0; i < n; ++i) out[i] = from_bf16(in[i]);
  else
    for (Index i = 0; i < n; ++i) out[i] = from_f16(in[i]);
}

void matmul_stored(Matrix c, ConstMatrix a, const StoredView& b, bool transposed) {
  const Index K = a.cols, N = c.cols;
  if (b.storage == Storage::real || b.shape.size() != K * N || a.rows != c.rows)
    throw ShapeError("matmul_stored: C [" + std::to_string(c.rows) + ", " + std::to_string(N) + "], A [" +
                     std::to_string(a.rows) + ", " + std::to_string(K) + "], B " + to_string(b.shape));
  const Index outer = transposed ? K : N;
  std::vector<Real> block(static_cast<std::size_t>(std::min(kDepth, K) * std::min(kWidth, N)));
  for (Index j = 0; j < N; j += kWidth)
    for (Index p = 0; p < K; p += kDepth) {
      const Index n = std::min(kWidth, N - j), k = std::min(kDepth, K - p);
      if (transposed)
        widen_block(b, j * outer + p, outer, n, k, block.data());
      else
        widen_block(b, p * outer + j, outer, k, n, block.data());
      const ConstMatrix part =
          transposed ? ConstMatrix(block.data(), n, k).transposed() : ConstMatrix(block.data(), k, n);
      matmul(Matrix(c.data + j, c.rows, n, c.row_stride),
             ConstMatrix(a.data + p * a.col_stride, a.rows, k, a.row_stride, a.col_stride), part,
             p == 0 ? Store::overwrite : Store::add);
    }
}

}  // namespace attn
