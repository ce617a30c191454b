// Chapter 10's calls without JavaScript: what they answer, and what they refuse.
#include <doctest.h>

#include "requests.hpp"

using namespace attn;
using namespace attn::wasm;

TEST_CASE("a tower of random blocks: floors by depth, the same for a seed, refused beyond its sizes") {
  LabSession session;
  const Reply pure = session.collapse_tower(request(R"({"layers": 5})"));
  const auto residual = [](const Reply& reply, std::size_t floor) {
    return reply.value.find("floors")->items()[floor].find("residual")->number();
  };
  CHECK(pure.value.find("floors")->items().size() == 6);
  CHECK(pure.value.find("floors")->items()[0].find("entropy")->is(io::Json::Type::null));
  CHECK(pure.tensors[0].tensor.shape == Shape{6, 32, 32});
  CHECK(residual(pure, 5) < -40);  // a float would have said 0
  const Reply kept = session.collapse_tower(
      request(R"({"layers": 5, "skip": 1, "norm": "pre", "mlp": true, "causal": true, "seed": 2})"));
  CHECK(residual(kept, 5) > -1);
  CHECK(session.collapse_tower(request(R"({"layers": 5})")).tensors[0].tensor.data ==
        pure.tensors[0].tensor.data);
  for (const char* bad :
       {R"({"layers": 65})", R"({"layers": 2, "skip": -1})", R"({"layers": 2, "norm": "batch"})",
        R"({"layers": 2, "heads": 5})", R"({"layers": 2, "qk_scale": 1e9})"})
    CHECK_THROWS_AS(session.collapse_tower(request(bad)), Refusal);
}

TEST_CASE("heads compared pair by pair: symmetric, zero and one on the diagonal") {
  LabSession session;
  session.create_model(request(
      R"({"id": 1, "config": {"vocab": 8, "context": 8, "layers": 2, "width": 8, "heads": 2}, "seed": 4})"));
  const Reply reply =
      session.head_similarity(request(R"({"model": 1, "tokens": [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1]]})"));
  REQUIRE(reply.tensors.size() == 2);
  const Tensor &distance = reply.tensors[0].tensor, &cka = reply.tensors[1].tensor;
  CHECK(distance.shape == Shape{4, 4});
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(distance.data[i * 5] == 0);
    CHECK(static_cast<double>(cka.data[i * 5]) == doctest::Approx(1).epsilon(1e-4));
    for (std::size_t j = 0; j < 4; ++j) CHECK(distance.data[i * 4 + j] == distance.data[j * 4 + i]);
  }
  CHECK(reply.value.find("merges")->items().size() == 3);
  CHECK_THROWS_AS(session.head_similarity(request(R"({"model": 2, "tokens": [[1]]})")), Refusal);
}
