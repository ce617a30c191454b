#include "attn/attention/rotary.hpp"

#include "golden_op.hpp"

using namespace attn;
using namespace attn::test;

namespace {

// The tables live as long as the operation does.
struct Tables {
  Tensor cosine, sine;
  Tables(Index tokens, Index pairs, Index first = 0, Real base = 10000, Real scaling = 1)
      : cosine(Shape{tokens, pairs}), sine(Shape{tokens, pairs}) {
    rotary_table(cosine, sine, first, base, scaling);
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
