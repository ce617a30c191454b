#include <algorithm>
#include <cmath>
#include <string>

#include "attn/train/adamw.hpp"

namespace attn {

std::vector<Real> run_state(Index step, const std::vector<Real>& weights, const std::vector<Real>& m,
                            const std::vector<Real>& v) {
  std::vector<Real> row{static_cast<Real>(step)};
  for (const auto* part : {&weights, &m, &v}) row.insert(row.end(), part->begin(), part->end());
  return row;
}

Status read_run_state(const std::vector<Real>& row, Index& step, std::vector<Real>& weights,
                      std::vector<Real>& m, std::vector<Real>& v) {
  const std::size_t n = weights.size();
  if (row.size() != 1 + 3 * n)
    return Error{ErrorCode::mismatch, "a state of " + std::to_string(row.size()) +
                                          " numbers, this model needs " + std::to_string(1 + 3 * n)};
  if (!std::all_of(row.begin(), row.end(), [](Real x) { return std::isfinite(x); }))
    return Error{ErrorCode::non_finite, "the state holds a number that is not finite"};
  if (!(row[0] >= 0 && row[0] <= Real(1e6) && row[0] == std::floor(row[0])))
    return Error{ErrorCode::malformed, "the state does not begin with a count of steps"};
  const auto first = row.begin() + 1, second = first + static_cast<std::ptrdiff_t>(2 * n);
  if (std::any_of(second, row.end(), [](Real x) { return x < 0; }))  // a square root is taken of them
    return Error{ErrorCode::out_of_range, "a second moment below zero"};
  step = static_cast<Index>(row[0]);
  std::copy_n(first, n, weights.begin());
  std::copy_n(first + static_cast<std::ptrdiff_t>(n), n, m.begin());
  std::copy(second, row.end(), v.begin());
  return Unit{};
}

}  // namespace attn
