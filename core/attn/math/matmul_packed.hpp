// The packed product behind the seam in WASM, after Goto & van de Geijn 2008, "Anatomy of
// high-performance matrix multiplication". Written once over a vector type and instantiated with four-lane
// vectors (matmul_simd128.cpp) and with plain numbers (matmul_scalar.cpp); tests instantiate both natively.
//
//   for jc, pc:  pack B[pc.., jc..] into strips of `width` columns, [k][width], zero-padded     kc × nc
//     for ic:    pack A[ic.., pc..] into strips of 4 rows, [k][4]                               mc × kc
//       for each strip of B: down the strips of A, a micro-kernel keeps 4 × width sums in registers
//
// Small operands are read where they are, if their layout allows. All four layouts of the operands differ
// only in how they are read and packed. A single row reads a row-major B in place: each element of B serves
// once, and packing it would cost more than the product.
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
  static constexpr Index small = 4096;  // numbers that surely stay in the first cache: read where they are

  static void run(Real* c, Index ldc, Index m, Index n, Index k, Operand a, Operand b, Store store,
                  Real alpha, Triangle triangle) {
    if (m == 1 && !b.transposed) return multiply_row(c, n, k, a, b, store, alpha);
    Panels& panels = workspace();
    for (Index jc = 0; jc < n; jc += nc)
      for (Index pc = 0; pc < k; pc += kc) {
        const Index nb = std::min(nc, n - jc), kb = std::min(kc, k - pc);
        const Side right = block_of_b(at(b, pc, jc), kb, nb, panels.b);
        for (Index ic = 0; ic < m; ic += mc) {
          const Index mb = std::min(mc, m - ic);
          const Side left = block_of_a(at(a, ic, pc), mb, kb, nb, panels.a);
          const Target target{c + ic * ldc + jc, ldc, pc == 0 ? store : Store::add, alpha};
          multiply_block(left, right, mb, nb, kb, target, moved(triangle, ic, jc, pc));
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

  // A block of an operand as the micro-kernel reads it, packed or in place. Its strips (4 rows of A, `width`
  // columns of B) are `strip` apart, steps along k are `step` apart, elements across k `across`.
  struct Side {
    const Real* data;
    Index strip, step, across;
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

  // The triangle as the block at row ic, column jc of C and column pc of A sees it.
  static Triangle moved(Triangle t, Index ic, Index jc, Index pc) {
    t.diagonal += t.of == Triangle::Of::a_transposed ? pc - ic : ic - (t.of == Triangle::Of::c ? jc : pc);
    return t;
  }

  // In place, rows that are contiguous along k cost an address per row and step: packing them pays when
  // several strips of B reuse the result. Columns of Aᵀ stand side by side already, and so do rows of B.
  static Side block_of_a(const Operand& a, Index mb, Index kb, Index nb, std::vector<Real>& buffer) {
    if (!a.transposed && nb < 64) return {a.data, rows * a.outer, 1, a.outer};
    if (a.transposed && kb * a.outer <= small) return {a.data, rows, a.outer, 1};
    pack<rows>({a.data, a.outer, !a.transposed}, kb, mb, buffer);
    return {buffer.data(), rows * kb, rows, 1};
  }

  static Side block_of_b(const Operand& b, Index kb, Index nb, std::vector<Real>& buffer) {
    if (!b.transposed && nb % width == 0 && kb * b.outer <= small) return {b.data, width, b.outer, 1};
    pack<width>(b, kb, nb, buffer);
    return {buffer.data(), width * kb, width, 1};
  }

  // Strips [kb, Width] one after another from source: [kb, count], the last padded with zeros.
  template <Index Width>
  static void pack(const Operand& source, Index kb, Index count, std::vector<Real>& buffer) {
    reserve(buffer, (count + Width - 1) / Width * Width * kb);
    Index j = 0;
    if (!source.transposed)
      for (; j + together * Width <= count; j += together * Width)
        pack_panels<Width>(source.data + j, source.outer, kb, buffer.data() + j * kb);
    for (; j < count; j += Width)
      pack_panel<Width>(
          {source.data + (source.transposed ? j * source.outer : j), source.outer, source.transposed}, kb,
          std::min(Width, count - j), buffer.data() + j * kb);
  }

  // Several strips in one pass over the rows: rows are often a power of two apart and share a cache set,
  // so a line of which only one strip's part is read would have to be fetched again for the next.
  static constexpr Index together = 4;
  template <Index Width>
  static void pack_panels(const Real* source, Index outer, Index kb, Real* panels) {
    for (Index p = 0; p < kb; ++p)
      for (Index q = 0; q < together; ++q)
        copy<Width>(source + p * outer + q * Width, panels + (q * kb + p) * Width);
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

  static void multiply_block(const Side& a, const Side& b, Index mb, Index nb, Index kb, const Target& target,
                             const Triangle& triangle) {
    const Index whole = mb / rows * rows;  // rows in tiles of full height
    for (Index j = 0; j < nb; j += width) {
      const Index n = std::min(width, nb - j);
      const auto column = [&](Index first, Index last, Index height) {
        if (first < last)
          kernel(height, a.across == 1)({a,
                                         b.data + j / width * b.strip,
                                         b.step,
                                         kb,
                                         first,
                                         last,
                                         n,
                                         {target.c + j, target.ldc, target.store, target.alpha},
                                         triangle});
      };
      const bool cut = triangle.of == Triangle::Of::c;  // the tiles above hold nothing that is wanted
      const Index first = cut ? std::max<Index>(0, j - triangle.diagonal) / rows * rows : 0;
      column(first, whole, rows);
      column(std::max(first, whole), mb, mb - whole);
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

  // A column of C's tiles: rows [first, last) of the block by one strip of B.
  struct Column {
    Side a;
    const Real* b;
    Index b_step, k, first, last, n;
    Target target;
    Triangle triangle;
  };

  // The micro-kernels for every height of tile, called through a table: an indirect call
  // keeps Binaryen from inlining them into a function that is entered too rarely to be optimised.
  using Kernel = void (*)(const Column& column);

  static Kernel kernel(Index r, bool adjacent) {
    static constexpr Kernel any[4] = {tiles<1, false>, tiles<2, false>, tiles<3, false>, tiles<4, false>};
    return adjacent && r == rows ? tiles<4, true> : any[r - 1];
  }

  // The steps along k that can be other than zero for a tile whose first row is `row`.
  struct Steps {
    Index from, to;
  };
  template <int R>
  static Steps steps_of(const Triangle& t, Index row, Index k) {
    if (t.of == Triangle::Of::a) return {0, std::clamp<Index>(row + R + t.diagonal, 0, k)};
    if (t.of == Triangle::Of::a_transposed) return {std::clamp<Index>(row - t.diagonal, 0, k), k};
    return {0, k};
  }

  // C[R, n] = or += alpha · A[R, k]·B[k, Vectors·lanes], tile by tile down the column; the sums never leave
  // the registers. Adjacent: a step along k reads numbers of A that stand side by side.
  template <int R, bool Adjacent>
  static void tiles(const Column& column) {
    constexpr int Vectors = Ops::columns;
    const Index across = Adjacent ? 1 : column.a.across, a_step = column.a.step, b_step = column.b_step;
    const Real* strip = column.a.data + column.first / rows * column.a.strip;
    Target target = column.target;
    target.c += column.first * target.ldc;
    for (Index row = column.first; row < column.last; row += R) {
      const Steps steps = steps_of<R>(column.triangle, row, column.k);
      V sum[R][Vectors];
      for (int i = 0; i < R; ++i)
        for (int v = 0; v < Vectors; ++v) sum[i][v] = Ops::splat_value(0);
      const Real* a = strip + steps.from * a_step;
      const Real *b = column.b + steps.from * b_step, *const end = column.b + steps.to * b_step;
#if defined(__clang__)
// V8 loads all operands of a block first and multiplies later: unrolled, they spill (measured: half the
// speed).
#pragma clang loop unroll(disable)
#endif
      while (b != end) {
        rank_one<R, Vectors>(sum, a, across, b);
        a += a_step;
        b += b_step;
      }
      finish<R, Vectors>(sum, target, column.n);
      strip += column.a.strip;
      target.c += R * target.ldc;
    }
  }

  // sum += A[:, p]·B[p, :]
  template <int R, int Vectors>
  [[gnu::always_inline]] static void rank_one(V (&sum)[R][Vectors], const Real* a, Index row, const Real* b) {
    V column[Vectors];
    for (int v = 0; v < Vectors; ++v) column[v] = Ops::load(b + v * Ops::lanes);
    for (int i = 0; i < R; ++i) {
      const V x = Ops::splat(a + i * row);
      for (int v = 0; v < Vectors; ++v) sum[i][v] = Ops::multiply_add(x, column[v], sum[i][v]);
    }
  }

  // A whole tile's way out is short: with a few dozen steps along k it is a good part of the work.
  template <int R, int Vectors>
  [[gnu::always_inline]] static void finish(V (&sum)[R][Vectors], const Target& t, Index n) {
    if (n != Vectors * Ops::lanes) {
      Real edge[R * Vectors * Ops::lanes];
      for (int i = 0; i < R; ++i)
        for (int v = 0; v < Vectors; ++v) Ops::store(edge + (i * Vectors + v) * Ops::lanes, sum[i][v]);
      return finish_part(edge, Vectors * Ops::lanes, R, t, n);
    }
    const V alpha = Ops::splat_value(t.alpha);
    Real* c = t.c;
    if (t.store == Store::add) {
      for (int i = 0; i < R; ++i, c += t.ldc)
        for (int v = 0; v < Vectors; ++v)
          Ops::store(c + v * Ops::lanes, Ops::multiply_add(alpha, sum[i][v], Ops::load(c + v * Ops::lanes)));
    } else {
      for (int i = 0; i < R; ++i, c += t.ldc)
        for (int v = 0; v < Vectors; ++v) Ops::store(c + v * Ops::lanes, Ops::multiply(alpha, sum[i][v]));
    }
  }

  // A tile that reaches past C's last column.
  [[gnu::noinline]] static void finish_part(const Real* sums, Index stride, Index height, Target t, Index n) {
    for (Index i = 0; i < height; ++i)
      for (Index j = 0; j < n; ++j) {
        Real& c = t.c[i * t.ldc + j];
        c = t.store == Store::add ? t.alpha * sums[i * stride + j] + c : t.alpha * sums[i * stride + j];
      }
  }
};

}  // namespace attn::detail
