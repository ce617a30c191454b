// The workbench: sets of heads are worked on as the ablations of `run` and the patching of the core do it.
#include <doctest.h>

#include <algorithm>
#include <cmath>

#include "attn/analysis/patching.hpp"
#include "attn/model/checkpoint.hpp"
#include "requests.hpp"

using namespace attn;
using namespace attn::wasm;

namespace {

void add_model(LabSession& session) {
  session.create_model(request(
      R"({"id": 1, "seed": 3, "config": {"vocab": 7, "context": 8, "layers": 2, "width": 8, "heads": 2,
      "init_std": 0.6}})"));
}

constexpr const char* two = R"([{"layer": 0, "head": 1}, {"layer": 1, "head": 0}])";
Request ask(const std::string& sets, const std::string& rest) {
  return request(
      R"({"model": 1, "tokens": [1, 2, 3, 1, 2], "at": {"position": 4, "right": 5, "wrong": 3}, "sets": )" +
      sets + ", " + rest + "}");
}
const std::string both = std::string("[[], ") + two + "]";

std::vector<Real> second(const Tensor& t) {
  return {t.data.begin() + static_cast<std::ptrdiff_t>(t.data.size() / 2), t.data.end()};
}
bool near(const std::vector<Real>& a, const std::vector<Real>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](Real x, Real y) {
           return std::abs(static_cast<double>(x) - static_cast<double>(y)) < 1e-5;
         });
}

}  // namespace

TEST_CASE("intervene: zero and mean are the ablations of run, the empty set is the run as it is") {
  LabSession session;
  add_model(session);
  for (const std::string how : {"zero", "mean"}) {
    const Reply reply = session.intervene(ask(both, R"("how": ")" + how + R"(", "rows": true)"));
    const std::string plain = R"({"model": 1, "tokens": [[1, 2, 3, 1, 2]], "capture": ["logits"])";
    const Reply whole = session.run(request(plain + "}"));
    const Reply cut =
        session.run(request(plain + R"(, "ablate": {"heads": )" + two + R"(, "how": ")" + how + "\"}}"));
    const Tensor& losses = tensor(reply, "losses");
    REQUIRE(losses.shape == Shape{2, 4});
    CHECK(std::vector<Real>(losses.data.begin(), losses.data.begin() + 4) == tensor(whole, "losses").data);
    CHECK(near(second(losses), tensor(cut, "losses").data));
    const std::vector<Real> row = second(tensor(reply, "rows"));
    CHECK(near(row, {tensor(cut, "logits").data.end() - 7, tensor(cut, "logits").data.end()}));
    CHECK(static_cast<double>(tensor(reply, "difference").data[1]) ==
          doctest::Approx(static_cast<double>(row[5] - row[3])));
  }
}

TEST_CASE("intervene: a patch is the core's, at any site and place; with itself it changes nothing") {
  LabSession session;
  add_model(session);
  const std::vector<std::uint8_t> file = session.save_model(request(R"({"model": 1})")).bytes;
  const Model model = take(load_model(file.data(), file.size()));
  const TokenBatch host{{1, 2, 3, 1, 2}, 1, 5, {}, {}}, other{{1, 4, 3, 1, 2}, 1, 5, {}, {}};
  Metric metric;
  metric.answers = {{0, 4, 5, 3}};
  const std::pair<const char*, Site> sites[] = {
      {"z", Site::z}, {"q", Site::q}, {"k", Site::k}, {"v", Site::v}, {"pattern", Site::pattern}};
  for (const auto& [name, site] : sites) {
    const std::string at = std::string(R"("how": "patch", "site": ")") + name + "\", ";
    const Activations source = record(model, other, in_every_layer(model, site));
    const Reply all = session.intervene(ask(both, at + R"("other": [1, 4, 3, 1, 2])"));
    CHECK(static_cast<double>(tensor(all, "difference").data[1]) ==
          doctest::Approx(static_cast<double>(
              patched_metric(model, host, metric, source, {{{site, 0}, 1, -1}, {{site, 1}, 0, -1}}))));
    const Reply place = session.intervene(ask(both, at + R"("other": [1, 4, 3, 1, 2], "positions": [1, 4])"));
    CHECK(static_cast<double>(tensor(place, "difference").data[1]) ==
          doctest::Approx(static_cast<double>(
              patched_metric(model, host, metric, source,
                             {{{site, 0}, 1, 1}, {{site, 0}, 1, 4}, {{site, 1}, 0, 1}, {{site, 1}, 0, 4}}))));
    const Reply same = session.intervene(ask(both, at + R"("other": [1, 2, 3, 1, 2])"));
    CHECK(tensor(same, "difference").data[0] == tensor(same, "difference").data[1]);
  }
}

TEST_CASE("intervene: a mean over other texts is theirs, and the map shown is that of the changed run") {
  LabSession session;
  add_model(session);
  const std::string own = R"("how": "mean", "reference": [[1, 2, 3, 1, 2], [1, 2, 3, 1, 2]])";
  const Tensor of_itself = tensor(session.intervene(ask(both, R"("how": "mean")")), "losses");
  CHECK(near(tensor(session.intervene(ask(both, own)), "losses").data, of_itself.data));
  const std::string others = R"("how": "mean", "reference": [[4, 4, 6]])";
  CHECK(!near(tensor(session.intervene(ask(both, others)), "losses").data, of_itself.data));
  const Tensor maps =
      tensor(session.intervene(ask(both, R"("how": "zero", "map": {"layer": 1, "head": 1})")), "maps");
  REQUIRE(maps.shape == Shape{2, 5, 5});
  CHECK(std::vector<Real>(maps.data.begin(), maps.data.begin() + 25) != second(maps));
  for (std::size_t row = 0; row < 10; ++row) {
    double sum = 0;
    for (std::size_t s = 0; s < 5; ++s) sum += static_cast<double>(maps.data[5 * row + s]);
    CHECK(sum == doctest::Approx(1));
  }
}

TEST_CASE("intervene: what cannot be done is refused") {
  LabSession session;
  add_model(session);
  const auto code = [&](const std::string& sets, const std::string& rest) {
    return refusal(session, &LabSession::intervene, ask(sets, rest));
  };
  CHECK(code(R"([[{"layer": 2, "head": 0}]])", R"("how": "zero")") == ErrorCode::out_of_range);
  CHECK(code("[[]]", R"("how": "burn")") == ErrorCode::malformed);
  CHECK(code("[3]", R"("how": "zero")") == ErrorCode::malformed);
  CHECK(code("[[]]", R"("how": "mean", "site": "pattern")") == ErrorCode::malformed);
  CHECK(code("[[]]", R"("how": "zero", "site": "soul")") == ErrorCode::out_of_range);
  CHECK(code("[[]]", R"("how": "patch", "other": [1, 2])") == ErrorCode::mismatch);
  CHECK(code("[[]]", R"("how": "zero", "positions": [5])") == ErrorCode::out_of_range);
  std::string many = "[[]";
  for (int i = 0; i < 64; ++i) many += ", []";
  CHECK(code(many + "]", R"("how": "zero", "rows": true)") == ErrorCode::too_large);
}
