#include "attn/analysis/clustering.hpp"

#include "golden.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("clustering: average linkage against scipy, merge by merge, and its cuts") {
  const Golden golden("likeness.safetensors");
  const std::vector<Merge> merges = average_linkage(golden.tensor("distance"));
  const Tensor want = golden.tensor("merges");  // [n - 1, 4]
  REQUIRE(merges.size() == 13);
  for (std::size_t k = 0; k < merges.size(); ++k) {
    const Real* row = want.data.data() + 4 * k;
    CHECK(merges[k].first == static_cast<Index>(row[0]));
    CHECK(merges[k].second == static_cast<Index>(row[1]));
    CHECK(static_cast<double>(merges[k].distance) ==
          doctest::Approx(static_cast<double>(row[2])).epsilon(1e-5));
    CHECK(merges[k].size == static_cast<Index>(row[3]));
  }
  for (Index count : {2, 3, 6}) {
    const std::vector<Index> labels = cut(merges, count);
    const std::vector<std::int64_t> scipy = golden.integers("cut/" + std::to_string(count));
    CHECK(std::vector<std::int64_t>(labels.begin(), labels.end()) == scipy);
  }
}

TEST_CASE("clustering: three items worked by hand, and the ends") {
  const Tensor distance(Shape{3, 3}, {0, 4, 1, 4, 0, 2, 1, 2, 0});
  const std::vector<Merge> merges = average_linkage(distance);
  CHECK((merges[0].first == 0 && merges[0].second == 2 && merges[0].distance == 1));
  CHECK((merges[1].first == 1 && merges[1].second == 3 && merges[1].distance == 3));  // mean of 4 and 2
  CHECK(cut(merges, 3) == std::vector<Index>{0, 1, 2});
  CHECK(cut(merges, 2) == std::vector<Index>{0, 1, 0});
  CHECK(cut(merges, 1) == std::vector<Index>{0, 0, 0});
  CHECK_THROWS_AS(cut(merges, 4), ShapeError);
  CHECK(average_linkage(Tensor(Shape{1, 1})).empty());
}
