#include "attn/analysis/row_freedom.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "attn/base/error.hpp"
#include "attn/math/symmetric.hpp"

namespace attn {
namespace {

constexpr double dependent = 1e-7, tiny = 1e-11;
constexpr int most_pivots = 4000, most_turns = 50;

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

double variation(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += std::fabs(a[j] - b[j]);
  return sum / 2;
}

// The rows as a tableau: r variables in the basis are what the f = N - r others leave of them,
//   x_basis = rest - T x_others,  T: [r, f].
// Everything moves from one feasible point to another, so `rest` is never needed: x is kept instead.
class Rows {
 public:
  Rows(const std::vector<double>& alpha, const std::vector<double>& values, Index width);
  Index rank() const { return static_cast<Index>(basis_.size()); }
  const std::vector<double>& x() const { return x_; }
  void to_vertex();
  void maximise(const std::vector<double>& gain);  // Σ gain_j x_j, from the vertex where it stands

 private:
  double& t(Index i, Index j) { return table_[at(i * free() + j)]; }
  Index free() const { return static_cast<Index>(others_.size()); }
  void eliminate(std::vector<double> a, Index rows);
  Index blocked(Index j, double sign, double& step);
  void move(Index j, double change);
  void swap(Index i, Index j);

  std::vector<double> x_, table_;
  std::vector<Index> basis_, others_;
};

Rows::Rows(const std::vector<double>& alpha, const std::vector<double>& values, Index width) : x_(alpha) {
  const Index N = static_cast<Index>(alpha.size()), M = width + 1;
  double energy = 0;
  for (const double v : values) energy += v * v;
  const double one = energy > 0 ? std::sqrt(energy / static_cast<double>(values.size())) : 1;
  std::vector<double> a(at(M * N), one);  // [d_v + 1, N]; the last row, of ones, at the values' scale
  for (Index j = 0; j < N; ++j)
    for (Index c = 0; c < width; ++c) a[at(c * N + j)] = values[at(j * width + c)];
  eliminate(std::move(a), M);
}

// Gauss and Jordan, the largest number of what is left as the pivot: the basis is well conditioned.
void Rows::eliminate(std::vector<double> a, Index M) {
  const Index N = static_cast<Index>(x_.size());
  std::vector<char> taken(at(N), 0);
  double first = 0;
  Index r = 0;
  for (; r < std::min(M, N); ++r) {
    Index pi = r, pj = -1;
    double most = 0;
    for (Index i = r; i < M; ++i)
      for (Index j = 0; j < N; ++j)
        if (!taken[at(j)] && std::fabs(a[at(i * N + j)]) > most)
          most = std::fabs(a[at(i * N + j)]), pi = i, pj = j;
    if (r == 0) first = most;
    if (pj < 0 || most <= dependent * first) break;
    std::swap_ranges(a.begin() + pi * N, a.begin() + (pi + 1) * N, a.begin() + r * N);
    taken[at(pj)] = 1;
    basis_.push_back(pj);
    const double inverse = 1 / a[at(r * N + pj)];
    for (Index j = 0; j < N; ++j) a[at(r * N + j)] *= inverse;
    for (Index i = 0; i < M; ++i) {
      const double factor = a[at(i * N + pj)];
      if (i == r || factor == 0) continue;
      for (Index j = 0; j < N; ++j) a[at(i * N + j)] -= factor * a[at(r * N + j)];
    }
  }
  for (Index j = 0; j < N; ++j)
    if (!taken[at(j)]) others_.push_back(j);
  table_.resize(at(r * free()));
  for (Index i = 0; i < r; ++i)
    for (Index j = 0; j < free(); ++j) t(i, j) = a[at(i * N + others_[at(j)])];
}

// Variable j of the others goes up (sign 1) or down: which of the basis meets zero first, and after what
// step? -1: none. Of nearly equal ones that with the largest pivot.
Index Rows::blocked(Index j, double sign, double& step) {
  Index which = -1;
  double pivot = 0;
  for (Index i = 0; i < rank(); ++i) {
    const double fall = sign * t(i, j);
    if (fall <= tiny) continue;
    const double limit = std::max(0.0, x_[at(basis_[at(i)])]) / fall;
    if (limit < step - tiny || (limit < step + tiny && which >= 0 && fall > pivot))
      step = std::min(step, limit), which = i, pivot = fall;
  }
  return which;
}

void Rows::move(Index j, double change) {
  x_[at(others_[at(j)])] += change;
  for (Index i = 0; i < rank(); ++i) x_[at(basis_[at(i)])] -= change * t(i, j);
}

void Rows::swap(Index i, Index j) {
  const Index f = free();
  const double inverse = 1 / t(i, j);
  for (Index c = 0; c < f; ++c)
    if (c != j) t(i, c) *= inverse;
  for (Index k = 0; k < rank(); ++k) {
    const double factor = t(k, j);
    if (k == i || factor == 0) continue;
    for (Index c = 0; c < f; ++c)
      if (c != j) t(k, c) -= factor * t(i, c);
    t(k, j) = -factor * inverse;
  }
  t(i, j) = inverse;
  x_[at(basis_[at(i)])] = 0;
  std::swap(basis_[at(i)], others_[at(j)]);
}

// From α, which is inside: every variable outside the basis is taken to zero, or takes the place of the one
// that stops it.
void Rows::to_vertex() {
  for (Index j = 0; j < free(); ++j) {
    double step = x_[at(others_[at(j)])];
    if (step <= 0) continue;
    const Index i = blocked(j, -1, step);
    move(j, -step);
    if (i >= 0)
      swap(i, j);
    else
      x_[at(others_[at(j)])] = 0;
  }
}

// The simplex method (Dantzig 1947): the variable with the largest gain enters; after many steps the first
// one that gains, which cannot turn in circles (Bland 1977).
void Rows::maximise(const std::vector<double>& gain) {
  for (int pivots = 0; pivots < most_pivots; ++pivots) {
    Index enter = -1;
    double most = 1e-9;
    for (Index j = 0; j < free(); ++j) {
      double own = gain[at(others_[at(j)])];
      for (Index i = 0; i < rank(); ++i) own -= gain[at(basis_[at(i)])] * t(i, j);
      if (own <= most || (pivots > most_pivots / 2 && enter >= 0 && others_[at(j)] > others_[at(enter)]))
        continue;
      enter = j;
      if (pivots <= most_pivots / 2) most = own;
    }
    if (enter < 0) return;
    double step = 2;  // a weight is never above one
    const Index leave = blocked(enter, 1, step);
    if (leave < 0) return;
    move(enter, step);
    swap(leave, enter);
  }
}

// ½ Σ|x - α| is convex, so a vertex maximises it, and from any vertex the sign of x - α says where it grows.
void climb(Rows& rows, const std::vector<double>& alpha, RowFreedom& best) {
  double now = variation(rows.x(), alpha);
  for (int turn = 0;; ++turn) {
    if (now > best.distance) best.distance = now, best.farthest = rows.x();
    if (turn == most_turns) return;
    std::vector<double> gain(alpha.size());
    for (std::size_t j = 0; j < gain.size(); ++j) gain[j] = rows.x()[j] > alpha[j] ? 1 : -1;
    rows.maximise(gain);
    const double next = variation(rows.x(), alpha);
    if (next <= now + 1e-9) return;
    now = next;
  }
}

void check_sizes(Index keys, const std::vector<double>& values, Index width) {
  if (keys < 1 || static_cast<Index>(values.size()) != keys * width)
    throw ShapeError("row_freedom: " + std::to_string(values.size()) + " values for " + std::to_string(keys) +
                     " keys");
}

}  // namespace

// #region row-freedom
RowFreedom row_freedom(const std::vector<double>& alpha, const std::vector<double>& values, Index width) {
  const Index N = static_cast<Index>(alpha.size());
  check_sizes(N, values, width);
  Rows rows(alpha, values, width);
  RowFreedom out;
  out.rank = rows.rank();
  out.low = out.high = out.farthest = alpha;
  if (out.rank == N) return out;  // no other row: α is determined
  rows.to_vertex();
  std::vector<double> gain(at(N), 0);
  for (Index j = 0; j < N; ++j)
    for (const double side : {-1.0, 1.0}) {  // the least, the greatest weight of key j
      gain[at(j)] = side;
      rows.maximise(gain);
      (side < 0 ? out.low : out.high)[at(j)] = rows.x()[at(j)];
      climb(rows, alpha, out);
      gain[at(j)] = 0;
    }
  double lost = 0, won = 0;
  for (Index j = 0; j < N; ++j) lost += alpha[at(j)] - out.low[at(j)], won += out.high[at(j)] - alpha[at(j)];
  out.bound = std::min(lost, won);
  return out;
}
// #endregion row-freedom

std::vector<double> leading_directions(ConstMatrix values, Index count) {
  const Index N = values.rows, d = values.cols;
  std::vector<double> gram(at(d * d), 0), out(at(N * count), 0);
  for (Index j = 0; j < N; ++j)
    for (Index a = 0; a < d; ++a)
      for (Index b = 0; b < d; ++b)
        gram[at(a * d + b)] += static_cast<double>(values(j, a)) * static_cast<double>(values(j, b));
  const SymmetricEigen eigen = symmetric_eigen(std::move(gram), static_cast<int>(d));
  for (Index j = 0; j < N; ++j)
    for (Index c = 0; c < count; ++c)
      for (Index a = 0; a < d; ++a)
        out[at(j * count + c)] += static_cast<double>(values(j, a)) * eigen.vectors[at(a * d + c)];
  return out;
}

}  // namespace attn
