// The labelled tasks of chapters 8 and 4: every label is what a reader would compute from the sequence alone.
#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "attn/train/tasks.hpp"

using namespace attn;

namespace {

constexpr Index V = 24, T = 24, B = 2000;

TaskBatch draw(TaskKind kind) {
  TaskConfig c;
  c.kind = kind;
  c.vocab = V;
  c.length = T;
  c.loss_on_all = true;  // must not make unasked places count
  Rng rng(5);
  return make_batch(c, B, rng);
}

struct Row {
  const TokenId* x;
  const TokenId* label;
  const Real* asked;
  const Index* match;
};
Row row(const TaskBatch& b, Index i) {
  return {b.inputs.tokens.data() + i * T, b.targets.data() + i * T, b.weights.data() + i * T,
          b.match.data() + i * T};
}

}  // namespace

TEST_CASE("previous: the label is the token before, asked everywhere but at the start") {
  const TaskBatch b = draw(TaskKind::previous);
  for (Index i = 0; i < B; ++i) {
    const Row r = row(b, i);
    CHECK(r.asked[0] == 0);
    for (Index t = 1; t < T; ++t) {
      REQUIRE(r.asked[t] == 1);
      REQUIRE(r.label[t] == r.x[t - 1]);
      REQUIRE(r.match[t] == t - 1);
    }
  }
}

TEST_CASE("rarest: the largest token so far, at its latest place; the alphabet follows Zipf") {
  const TaskBatch b = draw(TaskKind::rarest);
  std::vector<double> seen(static_cast<std::size_t>(V));
  for (Index i = 0; i < B; ++i) {
    const Row r = row(b, i);
    for (Index t = 0; t < T; ++t) {
      REQUIRE(r.asked[t] == 1);
      REQUIRE(r.label[t] == *std::max_element(r.x, r.x + t + 1));
      REQUIRE(r.x[r.match[t]] == r.label[t]);
      REQUIRE(std::count(r.x + r.match[t] + 1, r.x + t + 1, r.label[t]) == 0);
      seen[static_cast<std::size_t>(r.x[t])] += 1.0 / (B * T);
    }
  }
  double harmonic = 0;
  for (Index k = 1; k <= V; ++k) harmonic += 1.0 / static_cast<double>(k);
  for (Index k :
       {Index(0), Index(1), Index(7), V - 1})  // the standard error over 48 000 draws is below 0.002
    CHECK(std::abs(seen[static_cast<std::size_t>(k)] - 1 / (harmonic * static_cast<double>(k + 1))) < 0.01);
}

TEST_CASE("last name: asked at pronouns that a name precedes, and nowhere else") {
  const TaskBatch b = draw(TaskKind::last_name);
  Index asked = 0;
  for (Index i = 0; i < B; ++i) {
    const Row r = row(b, i);
    Index latest = -1;
    for (Index t = 0; t < T; ++t) {
      const bool ask = r.x[t] == V - 1 && latest >= 0;
      REQUIRE((r.asked[t] != 0) == ask);
      if (ask) {
        ++asked;
        REQUIRE(r.match[t] == latest);
        REQUIRE(r.label[t] == r.x[latest]);
      }
      if (r.x[t] < V / 3) latest = t;
    }
  }
  CHECK(asked > B * T / 6);  // a quarter of the places are pronouns, few of them before any name
}

TEST_CASE("seen: yes exactly when the token stands earlier; guessing by place alone reaches 0.668") {
  const TaskBatch b = draw(TaskKind::seen);
  double right = 0, asked = 0;
  for (Index i = 0; i < B; ++i) {
    const Row r = row(b, i);
    for (Index t = 1; t < T; ++t) {
      const bool before = std::find(r.x, r.x + t, r.x[t]) != r.x + t;
      REQUIRE(r.label[t] == (before ? 1 : 0));
      REQUIRE((r.match[t] >= 0) == before);
      if (before) REQUIRE(r.x[r.match[t]] == r.x[t]);
      // P(seen at t) = 1 - (23/24)^t passes one half at t = 17.
      right += before == (t >= 17);
      ++asked;
    }
  }
  CHECK(right / asked == doctest::Approx(0.668).epsilon(0.02));
}

TEST_CASE("a last name needs a name, another token and the pronoun; labelled tasks survive JSON") {
  TaskConfig c;
  c.kind = TaskKind::last_name;
  c.vocab = 2;
  REQUIRE_FALSE(validate(c).ok());
  CHECK(validate(c).error().message.find("too small") != std::string::npos);
  for (const TaskKind kind : {TaskKind::previous, TaskKind::rarest, TaskKind::last_name, TaskKind::seen}) {
    c.kind = kind;
    c.vocab = V;
    const Result<TaskConfig> back = task_config_from_json(to_json(c));
    REQUIRE(back.ok());
    CHECK(back->kind == kind);
  }
}

TEST_CASE("gather: digit j of the answer is digit j of the token 1 + j places back") {
  TaskConfig c;
  c.kind = TaskKind::gather;
  c.length = T;
  for (const auto& [places, base] : {std::pair<Index, Index>{1, 64}, {2, 8}, {3, 4}, {6, 2}}) {
    c.places = places;
    c.vocab = 64;  // the same alphabet, written with one, two, three or six digits
    Rng rng(5);
    const TaskBatch b = make_batch(c, 50, rng);
    for (Index i = 0; i < 50; ++i) {
      const Row r = row(b, i);
      for (Index t = 0; t < T; ++t) {
        REQUIRE(r.asked[t] == (t >= places ? 1 : 0));
        if (t < places) continue;
        Index unit = 64;
        for (Index j = 0; j < places; ++j) {
          unit /= base;
          REQUIRE(r.label[t] / unit % base == r.x[t - 1 - j] / unit % base);
        }
      }
    }
  }
}

TEST_CASE("gather wants a vocabulary that is a whole power, and places inside the sequence") {
  TaskConfig c;
  c.kind = TaskKind::gather;
  c.length = T;
  c.vocab = 65;
  c.places = 2;
  REQUIRE_FALSE(validate(c).ok());
  CHECK(validate(c).error().message.find("power") != std::string::npos);
  c.vocab = 64;
  c.places = 4;  // 64 is no fourth power
  CHECK_FALSE(validate(c).ok());
  c.vocab = 2;
  c.places = T;
  CHECK_FALSE(validate(c).ok());
  c.vocab = 64;
  c.places = 3;
  const Result<TaskConfig> back = task_config_from_json(to_json(c));
  REQUIRE(back.ok());
  CHECK(back->kind == TaskKind::gather);
  CHECK(back->places == 3);
}

TEST_CASE("cycle and swap: one token of every type, and the label is the partner's content") {
  for (const TaskKind kind : {TaskKind::cycle, TaskKind::swap}) {
    TaskConfig c;
    c.kind = kind, c.vocab = 8 * 5, c.length = 8;
    Rng rng(7);
    const TaskBatch b = make_batch(c, 500, rng);
    std::vector<Index> first(8);  // which type stands first: the order is random
    for (Index i = 0; i < 500; ++i) {
      const TokenId* x = b.inputs.tokens.data() + i * 8;
      std::vector<Index> at(8, -1);
      for (Index t = 0; t < 8; ++t) at[static_cast<std::size_t>(x[t] / 5)] = t;
      REQUIRE(std::count(at.begin(), at.end(), -1) == 0);
      first[static_cast<std::size_t>(x[0] / 5)] += 1;
      for (Index t = 0; t < 8; ++t) {
        const Index type = x[t] / 5,
                    want = kind == TaskKind::cycle ? (type + 1) % 8 : type + 1 - 2 * (type % 2);
        const Index match = b.match[static_cast<std::size_t>(i * 8 + t)];
        REQUIRE(match == at[static_cast<std::size_t>(want)]);
        REQUIRE(b.targets[static_cast<std::size_t>(i * 8 + t)] == x[match] % 5);
        REQUIRE(b.weights[static_cast<std::size_t>(i * 8 + t)] == 1);
      }
    }
    CHECK(*std::min_element(first.begin(), first.end()) > 30);  // 62.5 expected
  }
}

TEST_CASE("cycle and swap: refusals") {
  TaskConfig c;
  c.kind = TaskKind::swap, c.vocab = 30, c.length = 8;
  CHECK(validate(c).error().message.find("types times at least two contents") != std::string::npos);
  c.vocab = 21, c.length = 7;
  CHECK(validate(c).error().message.find("must be even") != std::string::npos);
  c.kind = TaskKind::cycle;
  CHECK(validate(c).ok());
}
