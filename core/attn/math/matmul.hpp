// The matmul seam: the one place where matrices are multiplied.
//  * native builds: Eigen (through math/eigen.hpp);
//  * WASM with SIMD: our packed wasm_simd128 micro-kernel (matmul_simd128.cpp);
//  * WASM scalar: the same packing with a scalar kernel.
#pragma once

#include "attn/base/tensor.hpp"

namespace attn {

// A matrix inside somebody else's memory; element (r, c) is data[r·row_stride + c·col_stride].
// One of the strides must be 1 (or the extent across it at most 1), so that a transposed
// matrix and a head's slice of a wider one are both matrices without a copy.
template <class T>
struct BasicMatrix {
  T* data = nullptr;
  Index rows = 0, cols = 0;
  Index row_stride = 0, col_stride = 1;

  BasicMatrix() = default;
  BasicMatrix(T* d, Index r, Index c, Index rs, Index cs = 1)
      : data(d), rows(r), cols(c), row_stride(rs), col_stride(cs) {}
  BasicMatrix(T* d, Index r, Index c) : BasicMatrix(d, r, c, c) {}
  template <class U, class = std::enable_if_t<std::is_convertible_v<U*, T*>>>
  BasicMatrix(const BasicMatrix<U>& o)
      : data(o.data), rows(o.rows), cols(o.cols), row_stride(o.row_stride), col_stride(o.col_stride) {}

  BasicMatrix transposed() const { return {data, cols, rows, col_stride, row_stride}; }
  T& operator()(Index r, Index c) const { return data[r * row_stride + c * col_stride]; }
};

using Matrix = BasicMatrix<Real>;
using ConstMatrix = BasicMatrix<const Real>;

// The leading axes of a tensor folded into rows: [.., n] -> [product, n].
template <class T>
BasicMatrix<T> as_matrix(const BasicView<T>& v) {
  const Index cols = v.shape.rank() ? v.shape[-1] : 1;
  return {v.data, cols ? v.size() / cols : 0, cols};
}

enum class Store { overwrite, add };

// Work that a product may leave out, because a causal map is lower triangular: its element (i, j) with
// j > i + diagonal is zero.
struct Triangle {
  enum class Of {
    none,
    c,             // nobody wants those elements of C: afterwards they hold anything
    a,             // those elements of A are zero
    a_transposed,  // those of Aᵀ are
  };
  Of of = Of::none;
  Index diagonal = 0;
};

// C = alpha · A·B, or C += alpha · A·B. A: [M, K], B: [K, N], C: [M, N], C row-major.
// C must not overlap A or B. Throws ShapeError when the shapes do not chain.
void matmul(Matrix c, ConstMatrix a, ConstMatrix b, Store store = Store::overwrite, Real alpha = 1,
            Triangle triangle = {});

}  // namespace attn
