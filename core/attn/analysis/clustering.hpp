// Hierarchical clustering by average linkage (Sokal & Michener 1958, UPGMA).
#pragma once

#include <vector>

#include "attn/base/tensor.hpp"

namespace attn {

// Clusters 0 .. n-1 are the items, n + k is made by merge k: the table that scipy's linkage gives.
struct Merge {
  Index first = 0, second = 0;  // first < second
  Real distance = 0;            // mean distance of all pairs of items across the two
  Index size = 0;               // items in the new cluster
};

// distance: [n, n], symmetric. n - 1 merges, nearest first; of equal distances the earliest pair.
std::vector<Merge> average_linkage(ConstView distance);

// Items labelled 0, 1, … by cluster, numbered by first appearance, when `count` clusters are left.
std::vector<Index> cut(const std::vector<Merge>& merges, Index count);

}  // namespace attn
