#include "attn/adapt/weight_masks.hpp"

#include <algorithm>
#include <cmath>

namespace attn {
namespace {

// scale: one number per input.
std::vector<bool> lowest_dropped(ConstMatrix w, const std::vector<double>& scale, Real fraction) {
  if (!(fraction >= 0 && fraction <= 1)) throw ShapeError("a mask drops a fraction between 0 and 1");
  const auto n = static_cast<std::size_t>(w.rows);
  const auto drop =
      static_cast<std::size_t>(std::floor(static_cast<double>(fraction) * static_cast<double>(n)));
  std::vector<bool> keep(n * static_cast<std::size_t>(w.cols), true);
  std::vector<double> score(n);
  std::vector<std::size_t> order(n);
  for (Index j = 0; j < w.cols; ++j) {
    for (std::size_t i = 0; i < n; ++i) {
      score[i] = std::abs(static_cast<double>(w(static_cast<Index>(i), j))) * scale[i];
      order[i] = i;
    }
    std::stable_sort(order.begin(), order.end(),
                     [&score](std::size_t a, std::size_t b) { return score[a] < score[b]; });
    for (std::size_t k = 0; k < drop; ++k)
      keep[order[k] * static_cast<std::size_t>(w.cols) + static_cast<std::size_t>(j)] = false;
  }
  return keep;
}

}  // namespace

std::vector<bool> magnitude_mask(ConstMatrix w, Real fraction) {
  return lowest_dropped(w, std::vector<double>(static_cast<std::size_t>(w.rows), 1.0), fraction);
}

// #region wanda
std::vector<bool> wanda_mask(ConstMatrix w, ConstMatrix inputs, Real fraction) {
  if (inputs.cols != w.rows)
    throw ShapeError("Wanda: inputs of width " + std::to_string(inputs.cols) + " for weights of " +
                     std::to_string(w.rows) + " inputs");
  std::vector<double> norms;
  for (Index i = 0; i < inputs.cols; ++i) {
    double squares = 0;
    for (Index r = 0; r < inputs.rows; ++r)
      squares += static_cast<double>(inputs(r, i)) * static_cast<double>(inputs(r, i));
    norms.push_back(std::sqrt(squares));
  }
  return lowest_dropped(w, norms, fraction);
}
// #endregion

void apply_mask(Matrix w, const std::vector<bool>& mask) {
  for (Index i = 0; i < w.rows; ++i)
    for (Index j = 0; j < w.cols; ++j)
      if (!mask[static_cast<std::size_t>(i * w.cols + j)]) w(i, j) = 0;
}

}  // namespace attn
