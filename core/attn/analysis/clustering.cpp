#include "attn/analysis/clustering.hpp"

#include <algorithm>

namespace attn {
namespace {

struct Cluster {
  Index name, size;
  std::vector<double> distance;  // to every other active cluster, by its place in the list
};

}  // namespace

// #region average-linkage
std::vector<Merge> average_linkage(ConstView distance) {
  const Index n = distance.shape.rank() == 2 ? distance.shape[0] : 0;
  expect_shape("average linkage: distance", distance.shape, Shape{n, n});
  std::vector<Cluster> active;
  for (Index i = 0; i < n; ++i) {
    const ConstView row = distance.sub(i);
    active.push_back({i, 1, std::vector<double>(row.begin(), row.end())});
  }
  std::vector<Merge> merges;
  while (active.size() > 1) {
    std::size_t a = 0, b = 1;
    for (std::size_t i = 0; i < active.size(); ++i)
      for (std::size_t j = i + 1; j < active.size(); ++j)
        if (active[i].distance[j] < active[a].distance[b]) a = i, b = j;
    const Cluster left = active[a], right = active[b];
    const Index size = left.size + right.size;
    merges.push_back({std::min(left.name, right.name), std::max(left.name, right.name),
                      static_cast<Real>(left.distance[b]), size});
    // The mean over all pairs across: the parts' means, weighted by their sizes.
    for (std::size_t i = 0; i < active.size(); ++i) {
      const double mean = (static_cast<double>(left.size) * left.distance[i] +
                           static_cast<double>(right.size) * right.distance[i]) /
                          static_cast<double>(size);
      active[a].distance[i] = active[i].distance[a] = mean;
    }
    active[a].name = n + static_cast<Index>(merges.size()) - 1;
    active[a].size = size;
    active.erase(active.begin() + static_cast<std::ptrdiff_t>(b));
    for (Cluster& c : active) c.distance.erase(c.distance.begin() + static_cast<std::ptrdiff_t>(b));
  }
  return merges;
}
// #endregion

std::vector<Index> cut(const std::vector<Merge>& merges, Index count) {
  const Index n = static_cast<Index>(merges.size()) + 1;
  if (count < 1 || count > n)
    throw ShapeError("cannot cut " + std::to_string(n) + " items into " + std::to_string(count) +
                     " clusters");
  std::vector<Index> parent(static_cast<std::size_t>(2 * n - 1));
  for (std::size_t i = 0; i < parent.size(); ++i) parent[i] = static_cast<Index>(i);
  for (Index k = 0; k < n - count; ++k) {
    const Merge& m = merges[static_cast<std::size_t>(k)];
    parent[static_cast<std::size_t>(m.first)] = parent[static_cast<std::size_t>(m.second)] = n + k;
  }
  std::vector<Index> roots, labels;
  for (Index i = 0; i < n; ++i) {
    Index root = i;
    while (parent[static_cast<std::size_t>(root)] != root) root = parent[static_cast<std::size_t>(root)];
    const auto known = std::find(roots.begin(), roots.end(), root);
    labels.push_back(known - roots.begin());
    if (known == roots.end()) roots.push_back(root);
  }
  return labels;
}

}  // namespace attn
