#include "attn/analysis/max_flow.hpp"

#include <algorithm>
#include <limits>

#include "attn/base/error.hpp"

namespace attn {
namespace {
std::size_t at(Index i) { return static_cast<std::size_t>(i); }
}  // namespace

Index FlowNetwork::add_edge(Index from, Index to, double capacity) {
  const Index nodes = static_cast<Index>(edges_of_.size());
  if (from < 0 || from >= nodes || to < 0 || to >= nodes || !(capacity >= 0))
    throw ShapeError("flow network: an edge needs two of its nodes and a capacity of at least 0");
  const Index edge = static_cast<Index>(edges_.size()) / 2;
  edges_of_[at(from)].push_back(2 * edge);
  edges_of_[at(to)].push_back(2 * edge + 1);
  edges_.push_back({to, capacity, capacity});
  edges_.push_back({from, 0, 0});
  return edge;
}

// Dinic 1970: augment along all shortest paths at once, then lengthen. A bottleneck edge keeps exactly
// c - c = 0, so that real capacities end as surely as whole ones.
double FlowNetwork::maximum(Index source, Index sink) {
  for (Edge& e : edges_) e.residual = e.capacity;
  if (source == sink) return std::numeric_limits<double>::infinity();
  double total = 0;
  while (levels(source, sink)) {
    next_.assign(edges_of_.size(), 0);
    for (double sent = 0; (sent = push(source, sink, std::numeric_limits<double>::infinity())) > 0;)
      total += sent;
  }
  return total;
}

// Distances from the source along edges with room; false if the sink is out of reach.
bool FlowNetwork::levels(Index source, Index sink) {
  level_.assign(edges_of_.size(), -1);
  level_[at(source)] = 0;
  std::vector<Index> queue{source};
  for (std::size_t head = 0; head < queue.size(); ++head)
    for (Index e : edges_of_[at(queue[head])]) {
      const Edge& edge = edges_[at(e)];
      if (edge.residual <= 0 || level_[at(edge.to)] >= 0) continue;
      level_[at(edge.to)] = level_[at(queue[head])] + 1;
      queue.push_back(edge.to);
    }
  return level_[at(sink)] >= 0;
}

double FlowNetwork::push(Index node, Index sink, double limit) {
  if (node == sink) return limit;
  for (Index& i = next_[at(node)]; i < static_cast<Index>(edges_of_[at(node)].size()); ++i) {
    const Index e = edges_of_[at(node)][at(i)];
    Edge& edge = edges_[at(e)];
    if (edge.residual <= 0 || level_[at(edge.to)] != level_[at(node)] + 1) continue;
    const double sent = push(edge.to, sink, std::min(limit, edge.residual));
    if (sent <= 0) continue;
    edge.residual -= sent;
    edges_[at(e ^ 1)].residual += sent;
    return sent;
  }
  return 0;
}

double FlowNetwork::flow(Index edge) const {
  return edges_[at(2 * edge)].capacity - edges_[at(2 * edge)].residual;
}

std::vector<bool> FlowNetwork::source_side(Index source) const {
  std::vector<bool> seen(edges_of_.size());
  std::vector<Index> stack{source};
  seen[at(source)] = true;
  while (!stack.empty()) {
    const Index node = stack.back();
    stack.pop_back();
    for (Index e : edges_of_[at(node)]) {
      const Edge& edge = edges_[at(e)];
      if (edge.residual <= 0 || seen[at(edge.to)]) continue;
      seen[at(edge.to)] = true;
      stack.push_back(edge.to);
    }
  }
  return seen;
}

}  // namespace attn
