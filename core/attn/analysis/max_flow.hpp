// Maximum flow through a directed network with real capacities.
#pragma once

#include <vector>

#include "attn/base/real.hpp"

namespace attn {

class FlowNetwork {
 public:
  explicit FlowNetwork(Index nodes) : edges_of_(static_cast<std::size_t>(nodes)) {}

  Index add_edge(Index from, Index to, double capacity);  // its number, for flow()

  // The value of a maximum flow; flows left by an earlier call are forgotten.
  double maximum(Index source, Index sink);

  double flow(Index edge) const;  // through an edge, after maximum()
  // After maximum(): what the source still reaches. The edges that leave this set are a minimum cut.
  std::vector<bool> source_side(Index source) const;

 private:
  struct Edge {
    Index to;
    double residual, capacity;
  };
  bool levels(Index source, Index sink);
  double push(Index node, Index sink, double limit);

  std::vector<Edge> edges_;  // an edge and its reverse stand side by side: 2e and 2e + 1
  std::vector<std::vector<Index>> edges_of_;
  std::vector<Index> level_, next_;
};

}  // namespace attn
