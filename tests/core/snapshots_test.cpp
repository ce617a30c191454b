#include "attn/model/snapshots.hpp"

#include <doctest.h>

#include <algorithm>
#include <cmath>

#include "attn/model/checkpoint.hpp"

using namespace attn;

namespace {

constexpr std::uint64_t seed = 4;

Model initial() {
  Model m;
  m.config.vocab = 11;
  m.config.context = 6;
  m.config.layers = 2;
  m.config.width = 16;
  m.config.heads = 2;
  m.parameters = Parameters(m.config);
  Rng rng(seed, 0);
  initialise(m.parameters, m.config, rng);
  return m;
}

Model moved(Model m, Real by, std::uint64_t stream) {
  Rng rng(99, stream);
  for (Real& w : m.parameters.flat()) w += by * static_cast<Real>(rng.normal());
  return m;
}

struct Run {
  std::vector<Snapshot> snapshots;
  Model last;
};

Run run() {
  Run r;
  r.snapshots = {{0, initial()}, {10, moved(initial(), Real(0.01), 1)}};
  r.snapshots.push_back({100, moved(r.snapshots[1].model, Real(0.05), 2)});
  r.last = moved(r.snapshots[2].model, Real(0.05), 3);
  return r;
}

double rms(ConstView w) {
  double sum = 0;
  for (const Real x : w) sum += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(sum / static_cast<double>(w.size()));
}

std::string refusal(const std::vector<std::uint8_t>& bytes, const Model& last) {
  const auto file = SnapshotFile::parse(bytes.data(), bytes.size());
  if (!file.ok()) return file.error().message;
  const auto model = file->load(file->steps().size() - 1, last);
  return model.ok() ? "" : model.error().message;
}

}  // namespace

TEST_CASE("snapshots: every weight is within the step of its matrix, at every snapshot") {
  const Run r = run();
  for (const Real coarseness : {Real(0.02), Real(0.5)}) {
    const auto bytes = *save_snapshots(r.snapshots, seed, r.last, coarseness);
    const auto file = SnapshotFile::parse(bytes.data(), bytes.size());
    REQUIRE(file.ok());
    CHECK(file->steps() == std::vector<std::uint64_t>{0, 10, 100});
    for (std::size_t k = 0; k < 3; ++k) {
      const auto made = file->load(k, r.last);
      REQUIRE(made.ok());
      for (const ParameterInfo& p : made->parameters.table()) {
        const ConstView a = made->parameters[p.name], b = r.snapshots[k].model.parameters[p.name];
        const double step = p.shape.rank() < 2 || k == 0 ? 0 : coarseness * rms(b);
        double worst = 0;
        for (Index i = 0; i < a.size(); ++i)
          worst = std::max(worst, std::fabs(static_cast<double>(a.data[i]) - static_cast<double>(b.data[i])));
        CHECK(worst <= 0.6 * step * 1.001 + 1e-7);  // q = 0 up to 0.6 of a step; the file keeps floats
      }
    }
  }
}

TEST_CASE("snapshots: one after another is the same as each from the beginning, bit for bit") {
  const Run r = run();
  const auto bytes = *save_snapshots(r.snapshots, seed, r.last, Real(0.3));
  const auto file = SnapshotFile::parse(bytes.data(), bytes.size());
  REQUIRE(file.ok());
  Model walked = *file->load(0, r.last);
  for (std::size_t k = 1; k < 3; ++k) {
    walked = *file->load_after(walked, k, r.last);
    const Model made = *file->load(k, r.last);
    const ConstView a = walked.parameters.flat(), b = made.parameters.flat();
    CHECK(std::equal(a.begin(), a.end(), b.begin()));
  }
  CHECK_FALSE(file->load_after(walked, 0, r.last).ok());
  CHECK_FALSE(file->load_after(walked, 3, r.last).ok());
}

TEST_CASE("snapshots: coarser steps, smaller file") {
  const Run r = run();
  std::size_t before = save_snapshots(r.snapshots, seed, r.last, Real(0.01))->size();
  for (const Real coarseness : {Real(0.1), Real(1)}) {
    const std::size_t size = save_snapshots(r.snapshots, seed, r.last, coarseness)->size();
    CHECK(size < before);
    before = size;
  }
}

TEST_CASE("snapshots: a weight too far off to be coded does no harm to the rest") {
  Run r = run();
  r.snapshots[1].model.parameters["embed.W_E"].data[0] = 1000;
  const auto bytes = *save_snapshots(r.snapshots, seed, r.last, Real(0.001));
  const auto file = SnapshotFile::parse(bytes.data(), bytes.size());
  REQUIRE(file.ok());
  CHECK(file->load(1, r.last).ok());
  CHECK(file->load(2, r.last).ok());
}

TEST_CASE("snapshots: the first must be what the seed makes, and all of one config") {
  const Run r = run();
  CHECK_FALSE(save_snapshots(r.snapshots, seed + 1, r.last, Real(0.1)).ok());
  CHECK_FALSE(save_snapshots({}, seed, r.last, Real(0.1)).ok());
  Run other = run();
  other.snapshots[1].model.config.context = 7;
  CHECK_FALSE(save_snapshots(other.snapshots, seed, r.last, Real(0.1)).ok());
}

TEST_CASE("snapshots: files that are damaged, of another model, or not of this kind") {
  const Run r = run();
  const auto bytes = *save_snapshots(r.snapshots, seed, r.last, Real(0.3));
  CHECK(refusal(bytes, r.last).empty());
  CHECK_FALSE(refusal({bytes.begin(), bytes.end() - 1}, r.last).empty());
  CHECK(refusal(save_model(r.last), r.last).find("attn.snapshots") != std::string::npos);
  Model wider = r.last;
  wider.config.context = 9;
  CHECK(refusal(bytes, wider).find("another config") != std::string::npos);
  const auto file = SnapshotFile::parse(bytes.data(), bytes.size());
  CHECK_FALSE(file->load(3, r.last).ok());
  // Any change of the codes gives other weights or is refused, and never more than that.
  int refused = 0;
  for (std::size_t at = bytes.size() - 300; at < bytes.size(); at += 7) {
    auto broken = bytes;
    broken[at] ^= 0x55;
    refused += !refusal(broken, r.last).empty();
  }
  CHECK(refused > 0);
}
