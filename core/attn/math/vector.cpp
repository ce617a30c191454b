#include "attn/math/vector.hpp"

#include <limits>

#include "attn/math/elementary.hpp"

namespace attn::vec {

using detail::lane_count;
using detail::Lanes;
using detail::load;

namespace {

// y_i = f(i), several numbers at once. Written out, because a compiler that may not assume y apart from the
// inputs checks it when the loop starts, and takes numbers one by one whenever an input is y itself.
template <class Group, class Single>
void each(Real* y, Index n, Group group, Single single) {
  Index i = 0;
  for (; i + lane_count <= n; i += lane_count) detail::store(y + i, group(i));
  for (; i < n; ++i) y[i] = single(i);
}

}  // namespace

void fill(Real value, Real* y, Index n) {
  each(
      y, n, [=](Index) { return value - Lanes{}; }, [=](Index) { return value; });
}
void copy(const Real* x, Real* y, Index n) {
  each(
      y, n, [=](Index i) { return load(x + i); }, [=](Index i) { return x[i]; });
}
void add(const Real* a, const Real* b, Real* y, Index n) {
  each(
      y, n, [=](Index i) { return load(a + i) + load(b + i); }, [=](Index i) { return a[i] + b[i]; });
}
void accumulate(const Real* x, Real* y, Index n) { add(y, x, y, n); }
void scale(Real alpha, const Real* x, Real* y, Index n) {
  each(
      y, n, [=](Index i) { return alpha * load(x + i); }, [=](Index i) { return alpha * x[i]; });
}
void axpy(Real alpha, const Real* x, Real* y, Index n) {
  each(
      y, n, [=](Index i) { return load(y + i) + alpha * load(x + i); },
      [=](Index i) { return y[i] + alpha * x[i]; });
}
void multiply(const Real* a, const Real* b, Real* y, Index n) {
  each(
      y, n, [=](Index i) { return load(a + i) * load(b + i); }, [=](Index i) { return a[i] * b[i]; });
}
void multiply_add(const Real* a, const Real* b, Real* y, Index n) {
  each(
      y, n, [=](Index i) { return load(y + i) + load(a + i) * load(b + i); },
      [=](Index i) { return y[i] + a[i] * b[i]; });
}

namespace {

// Σ f(i): four groups of lanes run in parallel, because one addition must wait for the last. The
// order of the additions is fixed by n alone.
template <class Group, class Single>
Real reduce(Group group, Single single, Index n) {
  Lanes s0{}, s1{}, s2{}, s3{};
  Index i = 0;
  for (; i + 4 * lane_count <= n; i += 4 * lane_count) {
    s0 += group(i);
    s1 += group(i + lane_count);
    s2 += group(i + 2 * lane_count);
    s3 += group(i + 3 * lane_count);
  }
  for (; i + lane_count <= n; i += lane_count) s0 += group(i);
  Real total = detail::horizontal_sum((s0 + s1) + (s2 + s3));
  for (; i < n; ++i) total += single(i);
  return total;
}

}  // namespace

Real sum(const Real* x, Index n) {
  return reduce([x](Index i) { return load(x + i); }, [x](Index i) { return x[i]; }, n);
}
Real dot(const Real* a, const Real* b, Index n) {
  return reduce([a, b](Index i) { return load(a + i) * load(b + i); },
                [a, b](Index i) { return a[i] * b[i]; }, n);
}
Real sum_squares(const Real* x, Index n) { return dot(x, x, n); }

Real max(const Real* x, Index n) {
  constexpr Real lowest = -std::numeric_limits<Real>::infinity();
  Lanes best = lowest - Lanes{},
        nan{};  // nan: NaN in a lane that has seen one; 0·x would not do, 0·inf is NaN too
  const auto see = [&](const Lanes& v) {
    best = v > best ? v : best;
    nan = v == v ? nan : v;
  };
  Index i = 0;
  for (; i + lane_count <= n; i += lane_count) see(load(x + i));
  if (i < n) {
    see(detail::load_part(x + i, n - i, lowest));
  }
  const Real nan_seen = detail::horizontal_sum(nan);
  return nan_seen == nan_seen ? detail::horizontal_max(best) : nan_seen;
}

void tanh(const Real* x, Real* y, Index n) {
  detail::map([](const detail::Wide& v) { return detail::tanh(v); }, x, y, n);
}
void sigmoid(const Real* x, Real* y, Index n) {
  detail::map([](const detail::Wide& v) { return detail::sigmoid(v); }, x, y, n);
}
void normal_cdf(const Real* x, Real* y, Index n) {
  detail::map([](const detail::Wide& v) { return detail::normal_cdf(v); }, x, y, n);
}
void normal_pdf(const Real* x, Real* y, Index n) {
  detail::map([](const detail::Wide& v) { return detail::normal_pdf(v); }, x, y, n);
}

}  // namespace attn::vec
