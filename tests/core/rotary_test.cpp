#include "attn/attention/rotary.hpp"

#include <algorithm>
#include <cmath>

#include "golden_op.hpp"

using namespace attn;
using namespace attn::test;

namespace {

// The tables live as long as the operation does.
struct Tables {
  Tensor cosine, sine;
  Tables(Index tokens, Index pairs, Index first = 0, Real base = 10000, Real scaling = 1)
      : cosine(Shape{tokens, pairs}), sine(Shape{tokens, pairs}) {
    RotaryLadder ladder;
    ladder.base = base, ladder.scaling = scaling;
    rotary_table(cosine, sine, first, ladder);
  }
};

std::vector<Real> turned(const std::vector<Real>& x, Index position, RotaryPairs layout) {
  const Tables t(1, static_cast<Index>(x.size()) / 2, position);
  std::vector<Real> y(x.size());
  rotate(y.data(), x.data(), t.cosine.data.data(), t.sine.data.data(), t.cosine.shape[1],
         static_cast<Index>(x.size()), layout);
  return y;
}

double dot(const std::vector<Real>& a, const std::vector<Real>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

}  // namespace

TEST_CASE("rotary: PyTorch, both layouts, partial width, scaling, a later start") {
  const Tables whole(6, 4), part(6, 3, 3, 100, 4);
  check_golden(
      "rotary_half", {"x"},
      [&](Tape& t, const std::vector<Var>& v) {
        return rotary(t, v[0], whole.cosine, whole.sine, RotaryPairs::half);
      },
      4);
  check_golden(
      "rotary_interleaved_partial", {"x"},
      [&](Tape& t, const std::vector<Var>& v) {
        return rotary(t, v[0], part.cosine, part.sine, RotaryPairs::interleaved);
      },
      4);
}

TEST_CASE("rotary: Jacobian") {
  Rng rng(9);
  const Tables part(3, 2);
  for (RotaryPairs layout : {RotaryPairs::half, RotaryPairs::interleaved})
    check_jacobian(
        [&](Tape& t, const std::vector<Var>& v) { return rotary(t, v[0], part.cosine, part.sine, layout); },
        {random_tensor({1, 3, 2, 5}, rng)});
}

TEST_CASE("rotary: norms stay, scores depend on positions only by their difference") {
  Rng rng(10);
  const std::vector<Real> q = random_tensor({8}, rng).data, k = random_tensor({8}, rng).data;
  for (RotaryPairs layout : {RotaryPairs::half, RotaryPairs::interleaved}) {
    CHECK(turned(q, 0, layout) == q);
    CHECK(dot(turned(q, 17, layout), turned(q, 17, layout)) == doctest::Approx(dot(q, q)).epsilon(1e-6));
    const double near = dot(turned(q, 9, layout), turned(k, 4, layout));
    for (Index shift : {1, 7, 100})
      CHECK(dot(turned(q, 9 + shift, layout), turned(k, 4 + shift, layout)) ==
            doctest::Approx(near).epsilon(1e-4));
    CHECK(std::fabs(dot(turned(q, 10, layout), turned(k, 4, layout)) - near) > 1e-3);  // another distance
  }
}

TEST_CASE("rotary: in place, and the turn back") {
  Rng rng(11);
  const std::vector<Real> x = random_tensor({7}, rng).data;
  const Tables t(1, 3, 5);
  for (RotaryPairs layout : {RotaryPairs::half, RotaryPairs::interleaved}) {
    std::vector<Real> y(7), back(7), inplace = x;
    rotate(y.data(), x.data(), t.cosine.data.data(), t.sine.data.data(), 3, 7, layout);
    rotate(inplace.data(), inplace.data(), t.cosine.data.data(), t.sine.data.data(), 3, 7, layout);
    CHECK(inplace == y);
    CHECK(y[6] == x[6]);  // beyond the rotated width
    rotate_backward(back.data(), y.data(), t.cosine.data.data(), t.sine.data.data(), 3, 7, layout);
    for (std::size_t i = 0; i < 7; ++i) CHECK(back[i] == doctest::Approx(x[i]).epsilon(1e-5));
  }
}

TEST_CASE("rotary: tables that do not fit throw") {
  const Tables t(3, 4);
  Tape tape(Tape::Mode::inference);
  Tensor x(Shape{1, 3, 2, 6});
  CHECK_THROWS_WITH_AS(rotary(tape, tape.constant(x), t.cosine, t.sine, RotaryPairs::half),
                       "rotary: tables [3, 4] for [1, 3, 2, 6]", ShapeError);
}

namespace {

// Frequencies of a ladder over those of the one that was trained: 1 as it was, 1/s slowed down.
std::vector<double> slowed(const RotaryLadder& ladder, const RotaryLadder& trained, Index pairs) {
  std::vector<double> out;
  for (Index i = 0; i < pairs; ++i)
    out.push_back(rotary_frequency(ladder, i, pairs) / rotary_frequency(trained, i, pairs));
  return out;
}

Index count_close(const std::vector<double>& values, double to) {
  return std::count_if(values.begin(), values.end(), [=](double x) { return std::fabs(x - to) < 1e-9; });
}

}  // namespace

TEST_CASE("rotary: NTK-aware base slows the slowest pair by the factor and the fastest not at all") {
  CHECK(ntk_base(10000, 4, 128) == doctest::Approx(40890).epsilon(1e-4));
  CHECK(ntk_base(10000, 8, 128) == doctest::Approx(82685).epsilon(1e-4));
  const RotaryLadder trained;
  for (Index width : {8, 64, 128}) {
    const auto share = slowed(extended(trained, RotaryExtension::ntk, 4, 0, width), trained, width / 2);
    CHECK(share.front() == 1);
    CHECK(share.back() == doctest::Approx(0.25).epsilon(1e-5));  // the base is kept as a float
    CHECK(std::is_sorted(share.rbegin(), share.rend()));
  }
}

TEST_CASE("rotary: linear interpolation is the trained table read at fractional positions") {
  const RotaryLadder trained, longer = extended(trained, RotaryExtension::linear, 2, 0, 8);
  Tensor c(Shape{3, 4}), s(Shape{3, 4}), c2(Shape{5, 4}), s2(Shape{5, 4});
  rotary_table(c, s, 0, trained);
  rotary_table(c2, s2, 0, longer);
  for (Index t = 0; t < 3; ++t)
    for (Index i = 0; i < 4; ++i) CHECK(c2.view()[2 * t * 4 + i] == c.view()[t * 4 + i]);
}

TEST_CASE("rotary: YaRN for LLaMA 2, pairs 20 to 46 of 64, and the scores louder by (0.1 ln s + 1)^2") {
  const RotaryLadder trained, longer = extended(trained, RotaryExtension::yarn, 16, 4096, 128);
  const auto share = slowed(longer, trained, 64);
  for (std::size_t i = 0; i < 64; ++i) {
    const double keep = i <= 20 ? 1 : i >= 46 ? 0 : 1 - static_cast<double>(i - 20) / 26;
    CHECK(share[i] == doctest::Approx(keep + (1 - keep) / 16).epsilon(1e-9));
  }
  Tensor c(Shape{1, 64}), s(Shape{1, 64});
  rotary_table(c, s, 0, longer);
  CHECK(c.view()[0] == doctest::Approx(0.1 * std::log(16.0) + 1).epsilon(1e-6));
  // A context that no pair turns in 32 times: the blend begins at the fastest pair.
  const auto small = slowed(extended(trained, RotaryExtension::yarn, 4, 32, 16), trained, 8);
  CHECK(small[0] == 1);
  CHECK(small[1] == doctest::Approx(0.5 + 0.5 / 4));
  CHECK(count_close(small, 0.25) == 6);
}

TEST_CASE("rotary: LLaMA 3.1 leaves 29 pairs, blends 6, slows down 29") {
  RotaryLadder trained;
  trained.base = 500000;
  RotaryLadder longer = trained;
  longer.scaling = 8;
  longer.bands = {1, 4, 8192, RotaryRamp::turns};
  const auto share = slowed(longer, trained, 64);
  CHECK(count_close(share, 1) == 29);
  CHECK(count_close(share, 0.125) == 29);
}

TEST_CASE("rotary: pairs that are not kept stand still, the others keep the full ladder") {
  RotaryLadder partial;
  partial.kept = 2;
  for (Index i = 0; i < 8; ++i)
    CHECK(rotary_frequency(partial, i, 8) == (i < 2 ? rotary_frequency(RotaryLadder{}, i, 8) : 0));
  Tensor c(Shape{4, 8}), s(Shape{4, 8});
  rotary_table(c, s, 100, partial);
  for (Index t = 0; t < 4; ++t) {
    CHECK(c.view()[t * 8 + 5] == 1);
    CHECK(s.view()[t * 8 + 5] == 0);
  }
}
