#include "attn/train/text_windows.hpp"

#include <doctest.h>

#include <algorithm>
#include <set>

using namespace attn;

TEST_CASE("windows: an epoch meets every window once, whole strides apart, and fits into the text") {
  constexpr Index tokens = 1000, stride = 7, reach = 8;
  TextWindows w(tokens, stride, reach, 5);
  REQUIRE(w.per_epoch() >= (tokens - reach - stride) / stride);
  std::vector<std::vector<Index>> epochs(2);
  for (Index n = 0; n < 2 * w.per_epoch(); ++n)
    epochs[static_cast<std::size_t>(n / w.per_epoch())].push_back(w.start(n));
  for (const std::vector<Index>& order : epochs) {
    CHECK_FALSE(std::is_sorted(order.begin(), order.end()));
    const std::set<Index> all(order.begin(), order.end());
    CHECK(all.size() == order.size());
    CHECK(*all.begin() >= 0);
    CHECK(*all.begin() < stride);
    CHECK(*all.rbegin() + reach <= tokens);
    CHECK(*all.rbegin() - *all.begin() == stride * (w.per_epoch() - 1));
  }
  CHECK(epochs[0] != epochs[1]);
}

TEST_CASE("windows: window n depends on the seed and n, not on what was asked before") {
  TextWindows a(5000, 16, 17, 1), b(5000, 16, 17, 1), c(5000, 16, 17, 2);
  const Index far = 3 * a.per_epoch() + 11;
  const Index first = a.start(0);
  CHECK(b.start(far) == a.start(far));
  CHECK(b.start(0) == first);
  Index same = 0;
  for (Index n = 0; n < 100; ++n) same += c.start(n) == a.start(n);
  CHECK(same < 20);
}

TEST_CASE("windows: a text with room for one") {
  TextWindows w(8 + 6, 7, 8, 1);
  CHECK(w.per_epoch() == 1);
  CHECK_THROWS_AS(TextWindows(8 + 5, 7, 8, 1), ShapeError);
}

TEST_CASE("windows: the separator, then the text; the target is the next token") {
  const std::uint16_t tokens[] = {9, 8, 7, 6, 5, 4};
  const Index starts[] = {0, 2};
  TextBatch batch;
  read_windows({tokens, 6}, starts, 2, 4, batch);
  CHECK(batch.inputs.tokens == std::vector<TokenId>{0, 9, 8, 7, 0, 7, 6, 5});
  CHECK(batch.targets == std::vector<TokenId>{9, 8, 7, 6, 7, 6, 5, 4});
  CHECK(batch.weights == std::vector<Real>{0, 1, 1, 1, 0, 1, 1, 1});
  const Index beyond[] = {3};
  CHECK_THROWS_AS(read_windows({tokens, 6}, beyond, 1, 4, batch), ShapeError);
}
