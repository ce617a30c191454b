// Native builds: Eigen's blocked product.
#ifndef __EMSCRIPTEN__
#include "attn/math/eigen.hpp"
#include "attn/math/matmul_kernel.hpp"

namespace attn::detail {
namespace {

constexpr auto row_major = Eigen::RowMajor;
constexpr auto col_major = Eigen::ColMajor;

template <int Order>
using Dense = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Order>;
template <int Order>
using Input = Eigen::Map<const Dense<Order>, Eigen::Unaligned, Eigen::OuterStride<>>;
using Output = Eigen::Map<Dense<row_major>, Eigen::Unaligned, Eigen::OuterStride<>>;

template <int Order>
Input<Order> map(const Operand& m, Index rows, Index cols) {
  return {m.data, rows, cols, Eigen::OuterStride<>(m.outer)};
}

template <class A, class B>
void product(Output c, const A& a, const B& b, Store store, Real alpha) {
  if (store == Store::overwrite)
    c.noalias() = alpha * (a * b);
  else
    c.noalias() += alpha * (a * b);
}

// Eigen chooses its k-blocking, and with it the order of summation, by the size of the caches it
// finds. Fixed sizes make the baseline build give the same bits on every machine.
void fix_cache_sizes() {
#ifndef __AVX__  // an -march=native build belongs to one machine: leave Eigen its own measurements
  static const bool once = (Eigen::setCpuCacheSizes(32 << 10, 256 << 10, 2 << 20), true);
  (void)once;
#endif
}

}  // namespace

void gemm(Real* c, Index ldc, Index m, Index n, Index k, Operand a, Operand b, Store store, Real alpha,
          Triangle) {
  fix_cache_sizes();
  const Output out(c, m, n, Eigen::OuterStride<>(ldc));
  if (!a.transposed && !b.transposed)
    product(out, map<row_major>(a, m, k), map<row_major>(b, k, n), store, alpha);
  else if (!a.transposed)
    product(out, map<row_major>(a, m, k), map<col_major>(b, k, n), store, alpha);
  else if (!b.transposed)
    product(out, map<col_major>(a, m, k), map<row_major>(b, k, n), store, alpha);
  else
    product(out, map<col_major>(a, m, k), map<col_major>(b, k, n), store, alpha);
}

}  // namespace attn::detail
#endif
