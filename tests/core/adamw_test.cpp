#include "attn/train/adamw.hpp"

#include <doctest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "attn/train/trainer.hpp"

using namespace attn;

namespace {

// tests/golden/adamw.txt: a name and hexadecimal floats per line.
std::map<std::string, std::vector<double>> golden() {
  std::ifstream file(std::string(ATTN_GOLDEN_DIR) + "/adamw.txt");
  REQUIRE(file.good());
  std::map<std::string, std::vector<double>> out;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string name, word;
    words >> name;
    while (words >> word) out[name].push_back(std::strtod(word.c_str(), nullptr));
  }
  return out;
}

// A model with one decayed matrix and one gain of four, as in the golden file: V = 3, D = 4.
ModelConfig tiny() {
  ModelConfig c;
  c.vocab = 3;
  c.context = 2;
  c.layers = 0;
  c.width = 4;
  c.heads = 1;
  c.position = PositionKind::none;
  c.tied = true;
  return c;
}

constexpr double tolerance = sizeof(Real) == 8 ? 1e-14 : 2e-6;

}  // namespace

TEST_CASE("five steps equal torch.optim.AdamW, the gain undecayed") {
  const auto data = golden();
  Parameters p(tiny());
  REQUIRE(p.size() == 16);
  const ParameterInfo* matrix = p.find("embed.W_E");
  const ParameterInfo* gain = p.find("ln_final.w");
  REQUIRE(matrix);
  REQUIRE(gain);
  CHECK(matrix->decay);
  CHECK_FALSE(gain->decay);
  // The golden vectors hold the matrix first, then the gain.
  const auto place = [&](const std::vector<double>& v, Real* flat) {
    for (std::size_t i = 0; i < 12; ++i)
      flat[matrix->offset + static_cast<Index>(i)] = static_cast<Real>(v[i]);
    for (std::size_t i = 0; i < 4; ++i)
      flat[gain->offset + static_cast<Index>(i)] = static_cast<Real>(v[12 + i]);
  };
  place(data.at("start"), p.flat().data);
  AdamWConfig config;
  config.weight_decay = Real(0.1);
  AdamWState state;
  std::vector<Real> gradient(16), expected(16);
  for (int step = 0; step < 5; ++step) {
    place(data.at("gradient" + std::to_string(step)), gradient.data());
    adamw_step(p, ConstView(gradient.data(), Shape{16}), state, config, Real(0.03));
    place(data.at("after" + std::to_string(step)), expected.data());
    for (std::size_t i = 0; i < 16; ++i) {
      INFO("step " << step << ", parameter " << i);
      CHECK(std::abs(static_cast<double>(p.flat()[static_cast<Index>(i)]) -
                     static_cast<double>(expected[i])) <= tolerance);
    }
  }
  CHECK(state.step == 5);
}

TEST_CASE("zero gradients: a gain stays, a matrix shrinks by (1 - lr wd) exactly") {
  Parameters p(tiny());
  for (Real& w : p.flat()) w = 2;
  AdamWState state;
  const std::vector<Real> zeros(16);
  adamw_step(p, ConstView(zeros.data(), Shape{16}), state, AdamWConfig{}, Real(0.5));
  for (Real w : p["ln_final.w"]) CHECK(w == Real(2));
  for (Real w : p["embed.W_E"]) CHECK(w == (1 - Real(0.5) * Real(0.01)) * Real(2));
}

TEST_CASE("clipping: the direction stays, the norm becomes the limit; smaller gradients are untouched") {
  std::vector<Real> g{3, 4, 0, 12};
  CHECK(clip_gradients(View(g.data(), Shape{4}), 20) == Real(13));
  CHECK(g[3] == Real(12));
  CHECK(clip_gradients(View(g.data(), Shape{4}), Real(6.5)) == Real(13));
  CHECK(static_cast<double>(g[0]) == doctest::Approx(1.5));
  CHECK(static_cast<double>(g[3]) == doctest::Approx(6));
  CHECK(clip_gradients(View(g.data(), Shape{4}), 0) == doctest::Approx(6.5));  // 0: off
  CHECK(static_cast<double>(g[3]) == doctest::Approx(6));
}

TEST_CASE("schedules at their end points") {
  Schedule s;
  s.learning_rate = 1;
  s.warmup = 10;
  s.total = 110;
  s.floor = Real(0.1);
  for (const ScheduleKind kind : {ScheduleKind::constant, ScheduleKind::cosine, ScheduleKind::linear}) {
    s.kind = kind;
    CHECK(learning_rate(s, 0) == doctest::Approx(0.1));  // the first step already moves
    CHECK(learning_rate(s, 4) == doctest::Approx(0.5));
    CHECK(learning_rate(s, 9) == doctest::Approx(1));
    CHECK(learning_rate(s, 10) == doctest::Approx(1));
    const bool flat = kind == ScheduleKind::constant;
    CHECK(learning_rate(s, 60) == doctest::Approx(flat ? 1 : 0.55));
    CHECK(learning_rate(s, 110) == doctest::Approx(flat ? 1 : 0.1));
    CHECK(learning_rate(s, 100000) == doctest::Approx(flat ? 1 : 0.1));
  }
  s.kind = ScheduleKind::cosine;
  CHECK(learning_rate(s, 35) == doctest::Approx(0.1 + 0.9 * 0.5 * (1 + std::sqrt(0.5))));
  s.kind = ScheduleKind::linear;
  CHECK(learning_rate(s, 35) == doctest::Approx(0.1 + 0.9 * 0.75));
}

TEST_CASE("warm-up, stable, decay: only the last steps fall") {
  Schedule s;
  s.kind = ScheduleKind::wsd;
  s.learning_rate = 2;
  s.warmup = 10, s.total = 110, s.decay = 20, s.floor = Real(0.1);
  CHECK(learning_rate(s, 0) == doctest::Approx(0.2));
  CHECK(learning_rate(s, 10) == doctest::Approx(2));
  CHECK(learning_rate(s, 90) == doctest::Approx(2));
  CHECK(learning_rate(s, 100) == doctest::Approx(2 * 0.55));
  CHECK(learning_rate(s, 110) == doctest::Approx(0.2));
  CHECK(learning_rate(s, 5000) == doctest::Approx(0.2));
  s.decay = 0;
  CHECK(learning_rate(s, 109) == doctest::Approx(2));
}
