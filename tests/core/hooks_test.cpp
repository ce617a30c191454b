#include "attn/model/hooks.hpp"

#include <doctest.h>

using namespace attn;

namespace {

constexpr int kSites = static_cast<int>(Site::logits) + 1;

int layer_of(Site site) {
  switch (site) {
    case Site::embed:
    case Site::pos_embed:
    case Site::final_norm:
    case Site::logits: return -1;
    default: return 3;
  }
}

}  // namespace

TEST_CASE("hooks: every site has a name that reads back") {
  for (int s = 0; s < kSites; ++s) {
    const HookPoint point{static_cast<Site>(s), layer_of(static_cast<Site>(s))};
    const auto back = hook_point(to_string(point));
    REQUIRE_MESSAGE(back.has_value(), to_string(point));
    CHECK(*back == point);
  }
  CHECK(to_string({Site::pattern, 0}) == "blocks.0.attn.pattern");
  CHECK(to_string({Site::final_norm, -1}) == "ln_final.normalized");
}

TEST_CASE("hooks: other names are refused") {
  for (const char* name :
       {"", "blocks", "blocks.", "blocks.0", "blocks.0.", "blocks..attn.q", "blocks.x.attn.q",
        "blocks.-1.attn.q", "blocks.00.attn.q", "blocks.12345.attn.q", "blocks.0.logits", "attn.q",
        "resid_pre", "blocks.0.attn.Q", "blocks.0.attn.q.", " embed", "logits "})
    CHECK_FALSE(hook_point(name).has_value());
  CHECK(hook_point("blocks.10.attn.q")->layer == 10);
}

TEST_CASE("hooks: run in the order they were added, and only at their point") {
  Hooks hooks;
  Real x[] = {1, 2};
  const View view(x, Shape{2});
  std::string order;
  const auto a = hooks.observe(
      {Site::z, 1}, [&](HookPoint, ConstView v) { order += "a" + std::to_string(static_cast<int>(v[0])); });
  const auto b = hooks.replace({Site::z, 1}, [&](HookPoint, View v) { v[0] = 7, order += "b"; });
  const auto c = hooks.observe(
      {Site::z, 1}, [&](HookPoint, ConstView v) { order += "c" + std::to_string(static_cast<int>(v[0])); });
  CHECK(hooks.run({Site::z, 1}, view));
  CHECK(order == "a1bc7");
  CHECK_FALSE(hooks.run({Site::z, 0}, view));
  CHECK_FALSE(hooks.run({Site::q, 1}, view));
  CHECK((hooks.wants({Site::z, 1}) && !hooks.wants({Site::z, 0})));
  CHECK(order == "a1bc7");
}

TEST_CASE("hooks: observing alone reports nothing written") {
  Hooks hooks;
  Real x = 1;
  const auto scope = hooks.observe({Site::logits, -1}, [](HookPoint, ConstView) {});
  CHECK_FALSE(hooks.run({Site::logits, -1}, View(&x, Shape{1})));
}

TEST_CASE("hooks: scopes nest and leave nothing behind") {
  Hooks hooks;
  CHECK(hooks.empty());
  {
    const auto outer = hooks.observe({Site::q, 0}, [](HookPoint, ConstView) {});
    {
      auto inner = hooks.replace({Site::q, 0}, [](HookPoint, View) {});
      CHECK(hooks.wants({Site::q, 0}));
      Hooks::Scope moved = std::move(inner);
      inner.close();  // moved from: nothing to close
      CHECK(hooks.wants({Site::q, 0}));
      Hooks::Scope other = hooks.observe({Site::k, 0}, [](HookPoint, ConstView) {});
      other = std::move(moved);  // closes the hook on k
      CHECK_FALSE(hooks.wants({Site::k, 0}));
      other = Hooks::Scope();
    }
    Real x = 0;
    CHECK_FALSE(hooks.run({Site::q, 0}, View(&x, Shape{1})));  // the replacement is gone
    CHECK_FALSE(hooks.empty());
  }
  CHECK(hooks.empty());
}
