// The packed product behind the seam in WASM, after Goto & van de Geijn 2008, "Anatomy of
// high-performance matrix multiplication". Written once over a vector type and instantiated with four-lane
// vectors (matmul_simd128.cpp) and with plain numbers (matmul_scalar.cpp); tests instantiate both natively.
//
//   for jc, pc:  pack B[pc.., jc..] into panels of `width` columns, [k][width], zero-padded     kc × nc
//     for ic:    pack A[ic.., pc..] into panels of 4 rows, [k][4], unless its rows can be read in place
//       for each panel of B, for each panel of A: a micro-kernel keeps 4 × width sums in registers
//
// All four layouts of the operands differ only in how they are packed. A single row reads a row-major B in
// place: each element of B serves once, and packing it would cost more than the product.
#pragma once

#include <algorithm>
#include <vector>

#include "attn/math/matmul_kernel.hpp"

namespace attn::detail {

// Real one by one.
struct ScalarOps {
  using V = Real;
  static constexpr Index lanes = 1;
  static constexpr int columns = 2;  // vectors per panel of B: 4 × 2 sums leave registers for operands
  static V load(const Real* p) { return *p; }
  static V splat(const Real* p) { return *p; }
  static V splat_value(Real x) { return x; }
  static void store(Real* p, V v) { *p = v; }
  static V multiply_add(V x, V y, V sum) { return x * y + sum; }
  static V multiply(V x, V y) { return x * y; }
};

template <class Ops>
class PackedProduct {
 public:
  using V = typename Ops::V;
  static constexpr Index rows = 4;                           // of the micro-kernel's tile
  static constexpr Index width = Ops::lanes * Ops::columns;  // its columns
  static constexpr Index kc = 256, mc = 128, nc = 256;       // A block 128 KB, B block 256 KB

  static void run(Real* c, Index ldc, Index m, Index n, Index k, Operand a, Operand b, Store store,
                  Real alpha) {
    if (m == 1 && !b.transposed) return multiply_row(c, n, k, a, b, store, alpha);
    Panels& panels = workspace();
    for (Index jc = 0; jc < n; jc += nc)
      for (Index pc = 0; pc < k; pc += kc) {
        const Index nb = std::min(nc, n - jc), kb = std::min(kc, k - pc);
        pack_b(at(b, pc, jc), kb, nb, panels.b);
        for (Index ic = 0; ic < m; ic += mc) {
          const Index mb = std::min(mc, m - ic);
          const Block block = block_of_a(at(a, ic, pc), mb, kb, nb, panels.a);
          const Target target{c + ic * ldc + jc, ldc, pc == 0 ? store : Store::add, alpha};
          multiply_block(block, panels.b.data(), mb, nb, kb, target);
        }
      }
  }

 private:
  struct Panels {
    std::vector<Real> a, b;
  };
  // One workspace per thread, grown to the largest block seen (at most 384 KB of floats) and kept, so that a
  // product allocates nothing in the steady state. It carries no state from call to call; a stack
  // of 1 MB in WASM is too small for it.
  static Panels& workspace() {
    thread_local Panels panels;
    return panels;
  }
  static void reserve(std::vector<Real>& v, Index n) {
    if (static_cast<Index>(v.size()) < n) v.resize(static_cast<std::size_t>(n));
  }

  // A block of A as the micro-kernel reads it: four rows in place, or a packed panel.
  struct Block {
    const Real* data;
    Index row_stride;  // in place: between rows
    bool packed;
  };
  struct Target {
    Real* c;
    Index ldc;
    Store store;
    Real alpha;
  };

  static Operand at(const Operand& m, Index row, Index col) {
    return {m.data + (m.transposed ? col * m.outer + row : row * m.outer + col), m.outer, m.transposed};
  }

  // Rows that are contiguous along k can be read in place, at the price of an address per row and step:
  // packing them pays when several panels of B reuse the result.
  static Block block_of_a(const Operand& a, Index mb, Index kb, Index nb, std::vector<Real>& buffer) {
    const bool in_place = !a.transposed && nb < 64;
    if (in_place) return {a.data, a.outer, false};
    reserve(buffer, (mb + rows - 1) / rows * rows * kb);
    for (Index i = 0; i < mb; i += rows)
      pack_panel<rows>({a.data + (a.transposed ? i : i * a.outer), a.outer, !a.transposed}, kb,
                       std::min(rows, mb - i), buffer.data() + i * kb);
    return {buffer.data(), 0, true};
  }

  static void pack_b(const Operand& b, Index kb, Index nb, std::vector<Real>& buffer) {
    reserve(buffer, (nb + width - 1) / width * width * kb);
    Index j = 0;
    if (!b.transposed)
      for (; j + together * width <= nb; j += together * width)
        pack_panels(b.data + j, b.outer, kb, buffer.data() + j * kb);
    for (; j < nb; j += width)
      pack_panel<width>({b.data + (b.transposed ? j * b.outer : j), b.outer, b.transposed}, kb,
                        std::min(width, nb - j), buffer.data() + j * kb);
  }

  // Several panels in one pass over the rows of B: rows are often a power of two apart and share a cache set,
  // so a line of which only one panel's part is read would have to be fetched again for the next.
  static constexpr Index together = 4;
  static void pack_panels(const Real* source, Index outer, Index kb, Real* panels) {
    for (Index p = 0; p < kb; ++p)
      for (Index q = 0; q < together; ++q)
        copy<width>(source + p * outer + q * width, panels + (q * kb + p) * width);
  }

  // panel: [kb, Width] from source: [kb, count], the columns beyond `count` zero.
  template <Index Width>
  static void pack_panel(const Operand& source, Index kb, Index count, Real* panel) {
    Index p = 0;
    if (count == Width) {
      if (!source.transposed) {
        for (; p < kb; ++p) copy<Width>(source.data + p * source.outer, panel + p * Width);
      } else if constexpr (Ops::lanes == 4) {
        for (; p + 4 <= kb; p += 4)
          for (Index j = 0; j < Width; j += 4)
            Ops::transpose4(source.data + j * source.outer + p, source.outer, panel + p * Width + j, Width);
      }
    }
    for (; p < kb; ++p)
      for (Index j = 0; j < Width; ++j)
        panel[p * Width + j] =
            j < count ? source.data[source.transposed ? j * source.outer + p : p * source.outer + j]
                      : Real{0};
  }
  template <Index Width>
  static void copy(const Real* from, Real* to) {
    for (Index j = 0; j < Width; j += Ops::lanes) Ops::store(to + j, Ops::load(from + j));
  }

  static void multiply_block(const Block& a, const Real* b, Index mb, Index nb, Index kb, Target target) {
    for (Index j = 0; j < nb; j += width)
      for (Index i = 0; i < mb; i += rows) {
        const Index r = std::min(rows, mb - i), n = std::min(width, nb - j);
        const int vectors = static_cast<int>((n + Ops::lanes - 1) / Ops::lanes);
        const Real* panel = a.data + (a.packed ? i * kb : i * a.row_stride);
        const Target tile{target.c + i * target.ldc + j, target.ldc, target.store, target.alpha};
        kernel(r, vectors, a.packed)(kb, panel, a.row_stride, b + j * kb, tile, n);
      }
  }

  // C[1, n] = or += alpha · A[1, k]·B[k, n], the same sums in the same order as the tiles make.
  static void multiply_row(Real* c, Index n, Index k, const Operand& a, const Operand& b, Store store,
                           Real alpha) {
    using Row = void (*)(Index k, const Real* a, Index step, const Real* b, Index ldb, const Target& target);
    static constexpr Row table[2] = {row<1>, row<wide>};  // called indirectly for the reason given below
    const Index step = a.transposed ? a.outer : 1;
    for (Index pc = 0; pc < k; pc += kc) {
      const Index kb = std::min(kc, k - pc);
      const Real *x = a.data + pc * step, *y = b.data + pc * b.outer;
      const Store how = pc == 0 ? store : Store::add;
      Index j = 0;
      while (j + Ops::lanes <= n) {
        const bool fits = j + wide * Ops::lanes <= n;
        table[fits](kb, x, step, y + j, b.outer, {c + j, 0, how, alpha});
        j += fits ? wide * Ops::lanes : Ops::lanes;
      }
      for (; j < n; ++j) {  // fewer columns than lanes
        Real sum = 0;
        for (Index p = 0; p < kb; ++p) sum = x[p * step] * y[p * b.outer + j] + sum;
        c[j] = how == Store::add ? alpha * sum + c[j] : alpha * sum;
      }
    }
  }
  static constexpr int wide = 4;  // vectors of C per pass over B: with lanes = 4, a cache line of each row

  template <int Vectors>
  static void row(Index k, const Real* a, Index step, const Real* b, Index ldb, const Target& target) {
    V sum[1][Vectors];
    for (int v = 0; v < Vectors; ++v) sum[0][v] = Ops::splat_value(0);
#if defined(__clang__)
#pragma clang loop unroll(disable)
#endif
    for (Index p = 0; p < k; ++p) rank_one<1, Vectors>(sum, a + p * step, 0, b + p * ldb);
    finish<1, Vectors>(sum, target, Vectors * Ops::lanes);
  }

  // The micro-kernels for every height and width of tile, called through a table: an indirect call
  // keeps Binaryen from inlining them into a function that is entered too rarely to be optimised.
  using Kernel = void (*)(Index k, const Real* a, Index lda, const Real* b, Target tile, Index n);

  static Kernel kernel(Index r, int vectors, bool packed) {
    static_assert(Ops::columns == 2, "the table lists one and two vectors");
    static constexpr Kernel table[2][2][4] = {
        {{tile<1, 1, false>, tile<2, 1, false>, tile<3, 1, false>, tile<4, 1, false>},
         {tile<1, 2, false>, tile<2, 2, false>, tile<3, 2, false>, tile<4, 2, false>}},
        {{tile<1, 1, true>, tile<2, 1, true>, tile<3, 1, true>, tile<4, 1, true>},
         {tile<1, 2, true>, tile<2, 2, true>, tile<3, 2, true>, tile<4, 2, true>}}};
    return table[packed][vectors - 1][r - 1];
  }

  // C[R, n] = or += alpha · A[R, k]·B[k, Vectors·lanes]; the sums never leave the registers.
  template <int R, int Vectors, bool Packed>
  static void tile(Index k, const Real* a, Index lda, const Real* b, Target target, Index n) {
    V sum[R][Vectors];
    for (int i = 0; i < R; ++i)
      for (int v = 0; v < Vectors; ++v) sum[i][v] = Ops::splat_value(0);
    const Index step = Packed ? rows : 1, row = Packed ? 1 : lda;  // A(i, p) is a[i·row + p·step]
    const Real* const end = b + k * width;
#if defined(__clang__)
// V8 loads all operands of a block first and multiplies later: unrolled, they spill (measured: half the
// speed).
#pragma clang loop unroll(disable)
#endif
    do {
      rank_one<R, Vectors>(sum, a, row, b);
      a += step;
      b += width;
    } while (b != end);
    finish<R, Vectors>(sum, target, n);
  }

  // sum += A[:, p]·B[p, :]
  template <int R, int Vectors>
  static inline void rank_one(V (&sum)[R][Vectors], const Real* a, Index row, const Real* b) {
    V column[Vectors];
    for (int v = 0; v < Vectors; ++v) column[v] = Ops::load(b + v * Ops::lanes);
    for (int i = 0; i < R; ++i) {
      const V x = Ops::splat(a + i * row);
      for (int v = 0; v < Vectors; ++v) sum[i][v] = Ops::multiply_add(x, column[v], sum[i][v]);
    }
  }

  template <int R, int Vectors>
  static inline void finish(V (&sum)[R][Vectors], const Target& t, Index n) {
    const V alpha = Ops::splat_value(t.alpha);
    const bool whole = n == Vectors * Ops::lanes;
    for (int i = 0; i < R; ++i) {
      Real* c = t.c + i * t.ldc;
      Real edge[Vectors * Ops::lanes];  // a tile that reaches past C's last column
      if (!whole && t.store == Store::add) std::copy(c, c + n, edge);
      Real* out = whole ? c : edge;
      for (int v = 0; v < Vectors; ++v) {
        Real* place = out + v * Ops::lanes;
        Ops::store(place, t.store == Store::add ? Ops::multiply_add(alpha, sum[i][v], Ops::load(place))
                                                : Ops::multiply(alpha, sum[i][v]));
      }
      if (!whole) std::copy(edge, edge + n, c);
    }
  }
};

}  // namespace attn::detail
