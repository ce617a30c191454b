#include "attn/math/symmetric.hpp"

#include <doctest.h>

#include <algorithm>
#include <cmath>

#include "attn/math/linalg.hpp"
#include "attn/math/random.hpp"

using namespace attn;

TEST_CASE("symmetric: two by two, worked by hand") {
  const SymmetricEigen e = symmetric_eigen({2, 1, 1, 2}, 2);  // 3 along (1, 1), 1 along (1, -1)
  CHECK(e.values[0] == doctest::Approx(3));
  CHECK(e.values[1] == doctest::Approx(1));
  CHECK(std::fabs(e.vectors[0]) == doctest::Approx(std::sqrt(0.5)));
  CHECK(e.vectors[0] == doctest::Approx(e.vectors[2]));
  CHECK(e.vectors[1] == doctest::Approx(-e.vectors[3]));
  const SymmetricEigen nothing = symmetric_eigen({0, 0, 0, 0}, 2);
  CHECK(nothing.values == std::vector<double>{0, 0});
}

TEST_CASE(
    "symmetric: parts that make the matrix again, orthonormal, with signs; values as Eigen's SVD has them") {
  constexpr int n = 40;
  Rng rng(3);
  std::vector<double> a(n * n);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j <= i; ++j) a[std::size_t(i * n + j)] = a[std::size_t(j * n + i)] = rng.normal();
  const SymmetricEigen e = symmetric_eigen(a, n);
  double worst = 0, askew = 0;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      double sum = 0, dot = 0;
      for (int r = 0; r < n; ++r) {
        sum +=
            e.vectors[std::size_t(i * n + r)] * e.values[std::size_t(r)] * e.vectors[std::size_t(j * n + r)];
        dot += e.vectors[std::size_t(r * n + i)] * e.vectors[std::size_t(r * n + j)];
      }
      worst = std::max(worst, std::fabs(sum - a[std::size_t(i * n + j)]));
      askew = std::max(askew, std::fabs(dot - (i == j)));
    }
  CHECK(worst < 1e-12);
  CHECK(askew < 1e-12);
  CHECK(e.values.front() > 0);
  CHECK(e.values.back() < 0);
  Tensor t(Shape{n, n});
  for (std::size_t i = 0; i < a.size(); ++i) t.data[i] = static_cast<Real>(a[i]);
  std::vector<double> sizes;
  for (double v : e.values) sizes.push_back(std::fabs(v));
  std::sort(sizes.rbegin(), sizes.rend());
  const std::vector<Real> sigma = svd(t.view()).sigma;
  for (std::size_t r = 0; r < sizes.size(); ++r)
    CHECK(static_cast<double>(sigma[r]) == doctest::Approx(sizes[r]).epsilon(1e-4));
}
