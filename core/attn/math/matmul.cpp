#include "attn/math/matmul.hpp"

#include "attn/math/matmul_kernel.hpp"

namespace attn {
namespace {

std::string describe(const ConstMatrix& m) {  // "[64, 128] with strides (128, 1)"
  return "[" + std::to_string(m.rows) + ", " + std::to_string(m.cols) + "] with strides (" +
         std::to_string(m.row_stride) + ", " + std::to_string(m.col_stride) + ")";
}

[[noreturn]] void fail(const char* what, const ConstMatrix& c, const ConstMatrix& a, const ConstMatrix& b) {
  throw ShapeError(std::string("matmul: ") + what + ": C " + describe(c) + ", A " + describe(a) + ", B " +
                   describe(b));
}

// A stride along an axis of at most one element is never used and so may be anything.
bool rows_contiguous(const ConstMatrix& m) { return m.col_stride == 1 || m.cols <= 1; }
bool columns_contiguous(const ConstMatrix& m) { return m.row_stride == 1 || m.rows <= 1; }

detail::Operand operand(const ConstMatrix& m) {
  if (rows_contiguous(m)) return {m.data, m.row_stride, false};
  return {m.data, m.col_stride, true};
}

}  // namespace

void matmul(Matrix c, ConstMatrix a, ConstMatrix b, Store store, Real alpha, Triangle triangle) {
  if (a.rows != c.rows || a.cols != b.rows || b.cols != c.cols) fail("shapes do not chain", c, a, b);
  if (!rows_contiguous(c)) fail("C must be row-major", c, a, b);
  for (const ConstMatrix& m : {a, b})
    if (!rows_contiguous(m) && !columns_contiguous(m)) fail("one stride of A and of B must be 1", c, a, b);

  if (c.rows == 0 || c.cols == 0) return;
  if (a.cols == 0) {  // an empty sum is zero
    if (store == Store::overwrite)
      for (Index r = 0; r < c.rows; ++r)
        for (Index j = 0; j < c.cols; ++j) c(r, j) = 0;
    return;
  }
  detail::gemm(c.data, c.row_stride, c.rows, c.cols, a.cols, operand(a), operand(b), store, alpha, triangle);
}

}  // namespace attn
