#include "attn/analysis/activations.hpp"

#include <doctest.h>

#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("activations: recorded as the hooks left them, with the logits of the run") {
  const Model m = random_model(small_config());
  const TokenBatch batch = random_tokens(m.config, 2, 5);
  const Activations run = record(m, batch, {{Site::z, 1}, {Site::resid_post, 1}});
  CHECK(run.logits.data == logits_of(m, batch).data);
  CHECK(run.at({Site::z, 1}).shape == Shape{2, 5, 2, 4});
  CHECK_FALSE(run.has({Site::z, 0}));
  CHECK_THROWS_WITH_AS(run.at({Site::z, 0}), "blocks.0.attn.z was not recorded", ShapeError);

  Hooks hooks;
  const auto scope = hooks.replace({Site::z, 1}, [](HookPoint, View z) { z[0] = 7; });
  const Activations changed = record(m, batch, {{Site::z, 1}}, &hooks);
  CHECK(changed.at({Site::z, 1}).data[0] == 7);
  CHECK(changed.logits.data != run.logits.data);
}

TEST_CASE("activations: a slice is the rows of its head and position, wherever their axes stand") {
  const auto rows = [](const Slice& s, const Shape& shape) { return slice_rows_of(s, shape); };
  const Shape stream{2, 3, 4}, heads{2, 3, 2, 4}, maps{2, 2, 3, 3};
  CHECK(rows({{Site::resid_pre, 0}, -1, 1}, stream) == std::vector<Index>{4, 16});
  CHECK(rows({{Site::resid_pre, 0}, -1, -1}, stream).size() == 6);
  CHECK(rows({{Site::z, 0}, 1, 2}, heads) == std::vector<Index>{20, 44});  // (t H + h) d = 20
  CHECK(rows({{Site::z, 0}, 1, -1}, heads) == std::vector<Index>{4, 12, 20, 28, 36, 44});
  CHECK(rows({{Site::pattern, 0}, 1, 2}, maps) == std::vector<Index>{15, 33});  // (h T + t) S = 15
  CHECK_THROWS_AS(rows({{Site::resid_pre, 0}, 0, 1}, stream), ShapeError);      // the stream has no heads
  CHECK_THROWS_AS(rows({{Site::z, 0}, 2, 1}, heads), ShapeError);
  CHECK_THROWS_AS(rows({{Site::z, 0}, 0, 3}, heads), ShapeError);
}

TEST_CASE("activations: patching writes the slice and nothing else") {
  const Model m = random_model(small_config());
  const TokenBatch a = random_tokens(m.config, 1, 5, 1), b = random_tokens(m.config, 1, 5, 2);
  const HookPoint point{Site::z, 1};
  const Activations of_a = record(m, a, {point}), of_b = record(m, b, {point});
  Hooks hooks;
  std::vector<Hooks::Scope> scopes;
  patch(hooks, of_a, {{point, 1, 3}}, scopes);
  const Activations patched = record(m, b, {point}, &hooks);
  for (std::size_t i = 0; i < 40; ++i) {
    const bool inside = i / 8 == 3 && i / 4 % 2 == 1;
    CHECK(patched.at(point).data[i] == (inside ? of_a : of_b).at(point).data[i]);
  }
  const TokenBatch longer = random_tokens(m.config, 1, 6);
  CHECK_THROWS_AS(record(m, longer, {}, &hooks), ShapeError);
}
