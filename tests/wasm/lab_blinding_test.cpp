// Chapter 16's call without JavaScript: what it answers, and what it refuses.
#include <doctest.h>

#include <cmath>

#include "requests.hpp"

using namespace attn;
using namespace attn::wasm;

TEST_CASE("readings of one text, each with its own past: the first sees all, the second less") {
  LabSession session;
  session.create_model(request(
      R"({"id": 1, "config": {"vocab": 8, "context": 8, "layers": 2, "width": 8, "heads": 2}, "seed": 4})"));
  for (const char* how : {"evict", "silence"}) {
    Request r = request(R"({"model": 1, "tokens": [1, 2, 3, 4], "how": ")" + std::string(how) + R"("})");
    r.numbers.assign(32, 1);
    for (const std::size_t i : {2, 3}) r.numbers[16 + i * 4 + 1] = 0;  // tokens 2 and 3 lose token 1
    const Tensor blind = tensor(session.blind(r), "losses");
    CHECK(blind.shape == Shape{2, 3});
    const Tensor plain =
        tensor(session.run(request(R"({"model": 1, "tokens": [[1, 2, 3, 4]], "capture": []})")), "losses");
    for (std::size_t t = 0; t < 3; ++t) CHECK(blind.data[t] == plain.data[t]);
    CHECK(blind.data[3] == plain.data[0]);
    CHECK(blind.data[4] == plain.data[1]);
    CHECK(std::abs(blind.data[5] - plain.data[2]) > 1e-4);
    r.numbers.pop_back();
    CHECK(refusal(session, &LabSession::blind, r) == ErrorCode::mismatch);
  }
  Request unknown = request(R"({"model": 1, "tokens": [1, 2], "how": "hide"})");
  unknown.numbers.assign(4, 1);
  CHECK(refusal(session, &LabSession::blind, unknown) == ErrorCode::malformed);
  // The square of such a length need not fit a number of 32 bits.
  session.create_model(request(R"({"id": 9, "seed": 1, "config": {"vocab": 4, "context": 65536, "layers": 1,
                                   "width": 4, "heads": 1, "position": "none"}})"));
  std::string tokens = "0";
  for (int t = 1; t < 65536; ++t) tokens += ",0";
  CHECK(refusal(session, &LabSession::blind,
                request(R"({"model": 9, "how": "evict", "tokens": [)" + tokens + "]}")) ==
        ErrorCode::too_large);
}
