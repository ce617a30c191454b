// What a reader's own model may weigh: arithmetic, so that no test needs the gigabytes it speaks of.
#include <doctest.h>

#include <limits>

#include "requests.hpp"

using namespace attn;
using namespace attn::wasm;

namespace {

constexpr std::uint64_t mega = std::uint64_t(1) << 20, giga = std::uint64_t(1) << 30, all = 4 * giga;

std::string refused(std::uint64_t used, std::uint64_t wanted, std::uint64_t limit = all) {
  try {
    check_room(used, wanted, limit);
  } catch (const Refusal& refusal) {
    CHECK(refusal.error().code == ErrorCode::too_large);
    return refusal.error().message;
  }
  return "";
}

}  // namespace

TEST_CASE("room: two large models fit, the third past 4 GB is refused and told what is left") {
  const std::uint64_t model = 3 * giga / 2;
  CHECK(refused(0, model) == "");
  CHECK(refused(model, model) == "");
  CHECK(refused(2 * model, model) == "the weights would need about 1536 MB, the limit is 928 MB");
  // Given back, it fits again.
  CHECK(refused(model, model) == "");
}

TEST_CASE("room: the border is exact, and absurd sizes do not wrap round") {
  const std::uint64_t spare = 96 * mega, most = std::numeric_limits<std::uint64_t>::max();
  CHECK(refused(giga, 3 * giga - spare) == "");
  CHECK(refused(giga, 3 * giga - spare + 1) != "");
  for (const std::uint64_t wanted : {most, most - spare, most / 2, all}) CHECK(refused(0, wanted) != "");
  for (const std::uint64_t used : {most, all, all - spare + 1}) CHECK(refused(used, mega) != "");
  CHECK(refused(0, 0) == "");
  CHECK(refused(0, 0, spare - 1) != "");
}
