#include "attn/math/stored.hpp"

#include <doctest.h>

#include <cmath>
#include <vector>

#include "attn/io/half.hpp"
#include "attn/math/random.hpp"
#include "attn/ops/embedding.hpp"
#include "attn/ops/linear.hpp"

using namespace attn;

namespace {

io::SmallFloat format_of(Storage s) { return s == Storage::f16 ? io::binary16 : io::bfloat16; }

struct Stored {
  std::vector<std::uint16_t> bits;
  Tensor wide;  // the same values
  StoredView view;
  Stored(const Shape& shape, Storage storage, Rng& rng) : wide(shape) {
    fill_normal(wide, rng, 1);
    for (Real& x : wide.data) {
      bits.push_back(io::narrow(static_cast<double>(x), format_of(storage)));
      x = static_cast<Real>(io::widen(bits.back(), format_of(storage)));
    }
    view = {bits.data(), shape, storage};
  }
};

}  // namespace

TEST_CASE("stored: every finite pattern of sixteen bits widens exactly, zeros and subnormals included") {
  for (Storage storage : {Storage::f16, Storage::bf16}) {
    int finite = 0;
    for (unsigned code = 0; code < 0x10000; ++code) {
      const auto bits = static_cast<std::uint16_t>(code);
      const double want = io::widen(bits, format_of(storage));
      if (!std::isfinite(want)) continue;
      ++finite;
      Real got = 0;
      widen(&bits, storage, &got, 1);
      // A double would flush nothing; a float holds every bfloat16, float subnormals too.
      if (static_cast<double>(got) != want || std::signbit(got) != std::signbit(want))
        FAIL("pattern " << code << ": " << got << ", not " << want);
    }
    CHECK(finite == (storage == Storage::f16 ? 2 * 31 * 1024 : 2 * 255 * 128));
  }
}

TEST_CASE("stored: the product equals that of the widened matrix, across block edges and both layouts") {
  Rng rng(5);
  for (Storage storage : {Storage::f16, Storage::bf16})
    for (bool transposed : {false, true})
      for (Index m : {1, 3}) {
        const Index K = 300, N = 521;
        const Stored b(transposed ? Shape{N, K} : Shape{K, N}, storage, rng);
        Tensor a(Shape{m, K}), got(Shape{m, N}), want(Shape{m, N});
        fill_normal(a, rng, 1);
        matmul_stored(as_matrix(got.view()), as_matrix(ConstView(a)), b.view, transposed);
        const ConstMatrix w = as_matrix(ConstView(b.wide));
        matmul(as_matrix(want.view()), as_matrix(ConstView(a)), transposed ? w.transposed() : w);
        double worst = 0;
        for (std::size_t i = 0; i < got.data.size(); ++i)
          worst = std::max(worst, std::fabs(static_cast<double>(got.data[i] - want.data[i])));
        CHECK(worst < 1e-4);  // sums of 300 numbers of size 1 in another order
      }
  Tensor a(Shape{1, 2}), c(Shape{1, 2});
  const Stored b({3, 2}, Storage::f16, rng);
  CHECK_THROWS_AS(matmul_stored(as_matrix(c.view()), as_matrix(ConstView(a)), b.view), ShapeError);
}

TEST_CASE("stored: linear and embedding read a weight in sixteen bits as they read the same in Real") {
  Rng rng(6);
  const Stored w({5, 7}, Storage::bf16, rng);
  Tensor x(Shape{1, 2, 5}), bias(Shape{7});
  fill_normal(x, rng, 1), fill_normal(bias, rng, 1);
  Tape tape(Tape::Mode::inference);
  const Var in = tape.constant(x), b = tape.constant(bias), kept = tape.stored_parameter(w.view);
  const ConstView got = tape.value(linear(tape, in, kept, b, 2, {1, 2, 7}));
  const ConstView want = tape.value(linear(tape, in, tape.constant(w.wide), b, 2, {1, 2, 7}));
  for (Index i = 0; i < got.size(); ++i) CHECK(got[i] == doctest::Approx(want[i]).epsilon(1e-5));

  const std::vector<TokenId> tokens{4, 0};
  const ConstView rows = tape.value(embedding(tape, kept, tokens.data(), 1, 2));
  for (Index i = 0; i < 7; ++i) {
    CHECK(rows[i] == w.wide.data[static_cast<std::size_t>(4 * 7 + i)]);
    CHECK(rows[7 + i] == w.wide.data[static_cast<std::size_t>(i)]);
  }
  CHECK_THROWS_AS((void)tape.value(kept), ShapeError);
  const std::vector<TokenId> outside{5};
  CHECK_THROWS_AS(embedding(tape, kept, outside.data(), 1, 1), ShapeError);
  Tape training(Tape::Mode::training);
  CHECK_THROWS_AS(training.stored_parameter(w.view), ShapeError);
}
