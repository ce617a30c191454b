#include "attn/math/entmax.hpp"

#include <doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "attn/math/softmax.hpp"
#include "gradient_check.hpp"

using namespace attn;
using namespace attn::test;

namespace {

double d(Real x) { return static_cast<double>(x); }

using Row = void (*)(Real*, Index);

std::vector<Real> applied(Row f, std::vector<Real> z) {
  f(z.data(), static_cast<Index>(z.size()));
  return z;
}

// A row function as an operation, to check its backward against the stencil.
Operation as_operation(Row forward, void (*backward)(Real*, const Real*, Index)) {
  return [=](Tape& tape, const std::vector<Var>& in) {
    const Var z = in[0], out = tape.result(tape.value(z).shape, tape.needs_grad(z));
    const View p = tape.mutable_value(out);
    std::copy(tape.value(z).begin(), tape.value(z).end(), p.begin());
    forward(p.data, p.size());
    tape.on_backward(out, [=](Tape& t) {
      std::vector<Real> dz(t.grad(out).begin(), t.grad(out).end());
      backward(dz.data(), t.value(out).data, t.value(out).size());
      for (Index i = 0; i < t.value(out).size(); ++i) t.grad(z)[i] += dz[static_cast<std::size_t>(i)];
    });
    return out;
  };
}

}  // namespace

TEST_CASE("entmax: the example of the entmax package's README") {
  const std::vector<Real> z{-2, 0, Real(0.5)};
  const double half[] = {0, 0.3260, 0.6740}, sparse[] = {0, 0.25, 0.75};
  const std::vector<Real> p = applied(entmax15_row, z), q = applied(sparsemax_row, z);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(std::fabs(d(p[i]) - half[i]) < 5e-5);
    CHECK(d(q[i]) == doctest::Approx(sparse[i]));
  }
  CHECK((p[0] == 0 && q[0] == 0));
}

TEST_CASE("entmax: sums to one, keeps the order, ignores a shift; between softmax and sparsemax") {
  Rng rng(3);
  for (int n = 1; n <= 40; ++n) {
    std::vector<Real> z(static_cast<std::size_t>(n));
    for (Real& x : z) x = static_cast<Real>(2 * rng.normal());
    std::vector<Real> shifted = z;
    for (Real& x : shifted) x += 5;
    std::vector<std::size_t> support;
    for (Row f : {entmax15_row, sparsemax_row}) {
      const std::vector<Real> p = applied(f, z), q = applied(f, shifted);
      double sum = 0;
      std::size_t positive = 0;
      for (std::size_t i = 0; i < p.size(); ++i) {
        sum += d(p[i]);
        positive += p[i] > 0;
        CHECK(d(p[i]) == doctest::Approx(d(q[i])).epsilon(1e-4));
        for (std::size_t j = 0; j < i; ++j)
          if (z[i] > z[j]) CHECK(p[i] >= p[j]);
      }
      CHECK(sum == doctest::Approx(1).epsilon(1e-6));
      support.push_back(positive);
    }
    CHECK(support[1] <= support[0]);  // sparsemax is the sparser
  }
}

TEST_CASE("entmax: the threshold is the one the definition asks for") {
  Rng rng(4);
  std::vector<Real> z(12);
  for (Real& x : z) x = static_cast<Real>(rng.normal());
  const std::vector<Real> p = applied(entmax15_row, z);
  // On the support √p = z/2 - τ with one τ for all; outside z/2 <= τ.
  double tau = 0;
  for (std::size_t i = 0; i < z.size(); ++i)
    if (p[i] > 0) tau = d(z[i]) / 2 - std::sqrt(d(p[i]));
  for (std::size_t i = 0; i < z.size(); ++i) {
    if (p[i] > 0)
      CHECK(d(z[i]) / 2 - std::sqrt(d(p[i])) == doctest::Approx(tau).epsilon(1e-3));
    else
      CHECK(d(z[i]) / 2 <= tau + 1e-6);
  }
}

TEST_CASE("entmax: ties, masked entries and rows of nothing") {
  const Real inf = std::numeric_limits<Real>::infinity();
  for (Row f : {entmax15_row, sparsemax_row}) {
    CHECK(applied(f, {1, 1, 1, 1}) == std::vector<Real>{Real(0.25), Real(0.25), Real(0.25), Real(0.25)});
    CHECK(applied(f, {-inf, 3, -inf}) == std::vector<Real>{0, 1, 0});
    CHECK(applied(f, {-inf, -inf}) == std::vector<Real>{0, 0});
    CHECK(applied(f, {7}) == std::vector<Real>{1});
    CHECK(applied(f, {100, 0}) == std::vector<Real>{1, 0});
    CHECK(applied(f, {}).empty());
  }
}

TEST_CASE("entmax: the whole Jacobian, support and zeros") {
  const Tensor z(Shape{5}, {Real(0.3), Real(-0.4), Real(0.1), Real(-3), Real(0.45)});
  CHECK(applied(entmax15_row, z.data)[3] == 0);
  CHECK(applied(sparsemax_row, z.data)[0] > 0);
  check_jacobian(as_operation(entmax15_row, entmax15_row_backward), {z});
  check_jacobian(as_operation(sparsemax_row, sparsemax_row_backward), {z});
}
