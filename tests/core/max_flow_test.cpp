#include "attn/analysis/max_flow.hpp"

#include "golden.hpp"

using namespace attn;
using namespace attn::test;

namespace {

// The capacity of the cut after a maximum flow, and the flow's books: nothing is lost inside the network.
void check_cut(FlowNetwork& network, const std::vector<std::int64_t>& ends, const Tensor& capacity,
               Index nodes, Index source, Index sink) {
  const double value = network.maximum(source, sink);
  const std::vector<bool> side = network.source_side(source);
  CHECK_FALSE(side[static_cast<std::size_t>(sink)]);
  std::vector<double> surplus(static_cast<std::size_t>(nodes));
  double cut = 0;
  for (std::size_t e = 0; e < capacity.data.size(); ++e) {
    const auto a = static_cast<std::size_t>(ends[2 * e]), b = static_cast<std::size_t>(ends[2 * e + 1]);
    const double c = static_cast<double>(capacity.data[e]), f = network.flow(static_cast<Index>(e));
    CHECK((f >= 0 && f <= c));
    surplus[a] -= f;
    surplus[b] += f;
    if (side[a] && !side[b]) cut += c;
  }
  CHECK(cut == doctest::Approx(value).epsilon(1e-12));
  for (Index n = 0; n < nodes; ++n) {
    const double want = n == source ? -value : n == sink ? value : 0;
    CHECK(std::fabs(surplus[static_cast<std::size_t>(n)] - want) < 1e-12);
  }
}

}  // namespace

TEST_CASE("max-flow: random networks against networkx, each with the minimum cut that proves it") {
  const Golden golden("network.safetensors");
  for (const auto& size : {std::pair<const char*, Index>{"0", 6}, {"1", 12}, {"2", 30}}) {
    const std::string n = size.first;
    const std::vector<std::int64_t> ends = golden.integers(n + "/edges");
    const Tensor capacity = golden.tensor(n + "/capacity"), want = golden.tensor(n + "/flow");
    FlowNetwork network(size.second);
    for (std::size_t e = 0; e < capacity.data.size(); ++e)
      network.add_edge(static_cast<Index>(ends[2 * e]), static_cast<Index>(ends[2 * e + 1]),
                       static_cast<double>(capacity.data[e]));
    for (Index sink = 1; sink < size.second; ++sink) {
      CHECK(network.maximum(0, sink) ==
            doctest::Approx(static_cast<double>(want.view()[sink - 1])).epsilon(1e-6));
      check_cut(network, ends, capacity, size.second, 0, sink);
    }
  }
}

TEST_CASE("max-flow: an augmenting path may have to undo an earlier one") {
  FlowNetwork network(4);  // 0 -> 1 -> 3 and 0 -> 2 -> 3, with a tempting 1 -> 2
  network.add_edge(0, 1, 1);
  network.add_edge(1, 2, 1);
  network.add_edge(2, 3, 1);
  network.add_edge(0, 2, 1);
  network.add_edge(1, 3, 1);
  CHECK(network.maximum(0, 3) == 2);
  CHECK(network.flow(1) == 0);
  CHECK(network.maximum(3, 0) == 0);
  CHECK_THROWS_AS(network.add_edge(0, 4, 1), ShapeError);
  CHECK_THROWS_AS(network.add_edge(0, 1, -1), ShapeError);
}
