#include "attn/train/tasks.hpp"

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

using namespace attn;

namespace {

TaskConfig placed(Index vocab, Index length, Index segment) {
  TaskConfig c;
  c.vocab = vocab;
  c.length = length;
  c.segment_min = c.segment_max = segment;
  c.tiled = false;
  return c;
}

// Every counted position with a match: the matched position holds the same token and is followed
// by the answer. That is what "induction solves it" means.
Index check_matches(const TaskBatch& b) {
  const Index T = b.inputs.length;
  Index counted = 0;
  for (Index i = 0; i < b.inputs.batch * T; ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    if (i % T + 1 < T) REQUIRE(b.targets[at] == b.inputs.tokens[at + 1]);
    if (b.weights[at] == 0) {
      REQUIRE(b.match[at] == -1);
      continue;
    }
    ++counted;
    if (b.match[at] < 0) continue;
    const std::size_t row = static_cast<std::size_t>(i - i % T);
    const std::size_t source = row + static_cast<std::size_t>(b.match[at]);
    REQUIRE(source < at);
    REQUIRE(b.inputs.tokens[source] == b.inputs.tokens[at]);
    REQUIRE(b.inputs.tokens[source + 1] == b.targets[at]);
  }
  return counted;
}

}  // namespace

TEST_CASE("repeat, tiled: every segment length occurs and every counted answer follows its match") {
  TaskConfig c;
  Rng rng(3);
  const TaskBatch b = make_batch(c, 400, rng);
  CHECK(check_matches(b) > 0);
  std::set<Index> lengths;
  for (Index s = 0; s < 400; ++s) {
    const Index S = std::find_if(b.weights.begin() + s * 48, b.weights.begin() + s * 48 + 48,
                                 [](Real w) { return w != 0; }) -
                    (b.weights.begin() + s * 48);
    lengths.insert(S);
    for (Index t = S; t < 48; ++t) CHECK(b.match[static_cast<std::size_t>(s * 48 + t)] == t - S);
  }
  CHECK(*lengths.begin() == 8);
  CHECK(*lengths.rbegin() == 24);
  CHECK(lengths.size() == 17);
}

TEST_CASE("repeat at a fixed offset: one distance only; at random places: many") {
  TaskConfig c = placed(32, 32, 10);
  Rng rng(4);
  for (const bool fixed : {true, false}) {
    c.fixed_offset = fixed;
    const TaskBatch b = make_batch(c, 3000, rng);
    CHECK(check_matches(b) == 3000 * 9);
    std::set<Index> lags;
    for (std::size_t i = 0; i < b.match.size(); ++i)
      if (b.match[i] >= 0) lags.insert(static_cast<Index>(i % 32) - b.match[i]);
    if (fixed) {
      CHECK(lags == std::set<Index>{16});
    } else {
      CHECK(*lags.begin() == 10);
      CHECK(*lags.rbegin() == 22);
    }
  }
}

TEST_CASE("distinct: nothing but the repeat occurs twice") {
  TaskConfig c = placed(40, 32, 10);
  c.distinct = true;
  Rng rng(5);
  const TaskBatch b = make_batch(c, 100, rng);
  check_matches(b);
  for (Index s = 0; s < 100; ++s) {
    const auto row = b.inputs.tokens.begin() + s * 32;
    CHECK(std::set<TokenId>(row, row + 32).size() == 22);
  }
}

TEST_CASE("copy and recall: the counted answers are in the past") {
  TaskConfig c;
  c.kind = TaskKind::copy;
  c.segment_max = 20;
  Rng rng(6);
  const TaskBatch copy = make_batch(c, 50, rng);
  CHECK(check_matches(copy) > 50 * 8);
  c.kind = TaskKind::recall;
  const TaskBatch recall = make_batch(c, 50, rng);
  CHECK(check_matches(recall) == 50 * 16);  // 48 positions, 16 of them pairs, every other one a question
  for (std::size_t i = 0; i < recall.match.size(); ++i)
    if (recall.weights[i] != 0) CHECK(recall.targets[i] >= 16);
}

TEST_CASE("n-gram: one chain for every seed; markov: another for every sequence") {
  TaskConfig c;
  c.vocab = 3;
  c.length = 4000;
  const auto frequencies = [&](TaskKind kind, std::uint64_t seed) {
    c.kind = kind;
    Rng rng(seed);
    const TaskBatch b = make_batch(c, 2, rng);
    std::vector<std::vector<double>> out(2, std::vector<double>(9));
    for (std::size_t s = 0; s < 2; ++s) {
      std::vector<double> row(3);
      for (std::size_t t = 0; t < 4000; ++t) {
        const auto i = static_cast<std::size_t>(b.inputs.tokens[s * 4000 + t]);
        out[s][i * 3 + static_cast<std::size_t>(b.targets[s * 4000 + t])] += 1;
        row[i] += 1;
      }
      for (std::size_t i = 0; i < 9; ++i) out[s][i] /= std::max(1.0, row[i / 3]);
    }
    return out;
  };
  const auto distance = [](const std::vector<double>& a, const std::vector<double>& b) {
    double worst = 0;
    for (std::size_t i = 0; i < 9; ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
    return worst;
  };
  // Standard error of a frequency over ~1300 visits is 0.014.
  CHECK(distance(frequencies(TaskKind::ngram, 1)[0], frequencies(TaskKind::ngram, 2)[1]) < 0.08);
  const auto markov = frequencies(TaskKind::markov, 1);
  CHECK(distance(markov[0], markov[1]) > 0.15);
}

TEST_CASE("backcopy: a start, then letters; after a trigger the letter before it, else one chain for all") {
  TaskConfig c;
  c.kind = TaskKind::backcopy;
  c.vocab = 9;
  c.length = 400;
  const TokenId trigger = 6;
  std::vector<double> follows(81), visits(9);
  for (const std::uint64_t seed : {1, 2}) {
    Rng rng(seed);
    const TaskBatch b = make_batch(c, 20, rng);
    Index asked = 0;
    for (std::size_t i = 0; i < b.targets.size(); ++i) {
      const TokenId token = b.inputs.tokens[i];
      CHECK((token == 0) == (i % 400 == 0));
      CHECK(b.targets[i] != 0);
      CHECK(b.weights[i] == 1);
      CHECK((b.match[i] >= 0) == (token >= trigger));
      if (token >= trigger) {
        CHECK(b.match[i] == static_cast<Index>(i % 400) - 1);
        CHECK(b.targets[i] == b.inputs.tokens[i - 1]);
        CHECK(b.targets[i] < trigger);
        ++asked;
      } else {
        follows[static_cast<std::size_t>(token * 9 + b.targets[i])] += 1;
        visits[static_cast<std::size_t>(token)] += 1;
      }
    }
    CHECK(asked > 400);
  }
  // The same chain for another seed: frequencies agree within sampling error (about 900 visits a letter).
  Rng rng(3);
  const TaskBatch b = make_batch(c, 20, rng);
  std::vector<double> again(81), seen(9);
  for (std::size_t i = 0; i < b.targets.size(); ++i) {
    if (b.inputs.tokens[i] >= trigger) continue;
    again[static_cast<std::size_t>(b.inputs.tokens[i] * 9 + b.targets[i])] += 1;
    seen[static_cast<std::size_t>(b.inputs.tokens[i])] += 1;
  }
  for (std::size_t i = 9; i < 54; ++i)
    CHECK(std::abs(follows[i] / visits[i / 9] - again[i] / seen[i / 9]) < 0.08);
}

TEST_CASE("markov rows are Dirichlet(1): staying put has the moments of Beta(1, 2)") {
  // P(x_0 = … = x_n) = E[p^n], p ~ Beta(1, 2): 1/3, 1/6, 1/10. A fixed uniform matrix would give 1/3, 1/9,
  // 1/27.
  TaskConfig c;
  c.kind = TaskKind::markov;
  c.vocab = 3;
  c.length = 3;
  Rng rng(8);
  const std::size_t N = 40000;
  const TaskBatch b = make_batch(c, static_cast<Index>(N), rng);
  double stays[3] = {};
  for (std::size_t s = 0; s < N; ++s)
    for (std::size_t n = 0; n < 3 && b.targets[s * 3 + n] == b.inputs.tokens[s * 3]; ++n) stays[n] += 1.0 / N;
  // Standard errors are at most 0.0024.
  CHECK(std::abs(stays[0] - 1.0 / 3) < 0.01);
  CHECK(std::abs(stays[1] - 1.0 / 6) < 0.01);
  CHECK(std::abs(stays[2] - 1.0 / 10) < 0.01);
}

TEST_CASE("Dirichlet posteriors by hand") {
  TokenBatch x;
  x.batch = 1;
  x.length = 4;
  x.tokens = {0, 1, 0, 1};  // n_0 = 2, n_1 = 2; 0 -> 1 twice, 1 -> 0 once
  const Tensor uniform = strategy_probabilities(x, 3, Strategy::uniform);
  const Tensor unigram = strategy_probabilities(x, 3, Strategy::unigram);
  const Tensor bigram = strategy_probabilities(x, 3, Strategy::bigram);
  const auto at = [](const Tensor& p, std::size_t t, std::size_t j) {
    return static_cast<double>(p.data[t * 3 + j]);
  };
  CHECK(at(uniform, 3, 2) == doctest::Approx(1.0 / 3));
  CHECK(at(unigram, 0, 0) == doctest::Approx(2.0 / 4));  // (1 + 1) / (1 + 3)
  CHECK(at(unigram, 3, 0) == doctest::Approx(3.0 / 7));
  CHECK(at(unigram, 3, 2) == doctest::Approx(1.0 / 7));
  CHECK(at(bigram, 0, 1) == doctest::Approx(1.0 / 3));  // nothing seen after 0 yet
  CHECK(at(bigram, 2, 1) == doctest::Approx(2.0 / 4));  // 0 -> 1 once
  CHECK(at(bigram, 3, 0) == doctest::Approx(2.0 / 4));  // 1 -> 0 once
  CHECK(at(bigram, 3, 1) == doctest::Approx(1.0 / 4));
}

TEST_CASE("the posteriors are what Bayes says: they beat each other in the right order") {
  TaskConfig c;
  c.kind = TaskKind::markov;
  c.vocab = 3;
  c.length = 64;
  Rng rng(9);
  const TaskBatch b = make_batch(c, 500, rng);
  const auto loss = [&](Strategy s) {
    const Tensor p = strategy_probabilities(b.inputs, 3, s);
    double sum = 0;
    for (std::size_t i = 0; i < b.targets.size(); ++i)
      sum -= std::log(static_cast<double>(p.data[i * 3 + static_cast<std::size_t>(b.targets[i])]));
    return sum / static_cast<double>(b.targets.size());
  };
  CHECK(loss(Strategy::uniform) == doctest::Approx(std::log(3.0)));
  CHECK(loss(Strategy::unigram) < loss(Strategy::uniform) - 0.05);
  CHECK(loss(Strategy::bigram) < loss(Strategy::unigram) - 0.05);
}

// Ceilings of the placed task for predictors that match one token: what no
// amount of training can exceed without looking at two. V = 16, T = 32, S = 10.
TEST_CASE("single-token matching reaches 0.559, with lag >= S 0.712, with the exact prior 0.849") {
  const Index V = 16, T = 32, S = 10;
  // prior[t][lag] ~ P(lag and t counted): p1 uniform, then p2 uniform.
  std::vector<double> prior(static_cast<std::size_t>(T * (T + 1)));
  for (Index p1 = 0; p1 <= T - 2 * S; ++p1)
    for (Index p2 = p1 + S; p2 <= T - S; ++p2)
      for (Index t = p2; t < p2 + S - 1; ++t)
        prior[static_cast<std::size_t>(t * (T + 1) + p2 - p1)] +=
            1.0 / static_cast<double>(T - 2 * S - p1 + 1);

  Rng rng(10);
  const TaskBatch b = make_batch(placed(V, T, S), 6000, rng);
  double hits[3] = {}, counted = 0;
  for (Index i = 0; i < 6000 * T; ++i) {
    if (b.weights[static_cast<std::size_t>(i)] == 0) continue;
    const Index t = i % T;
    const TokenId* x = b.inputs.tokens.data() + (i - t);
    std::vector<std::vector<double>> votes(3, std::vector<double>(static_cast<std::size_t>(V)));
    for (Index s = 0; s < t; ++s) {
      if (x[s] != x[t]) continue;
      const auto next = static_cast<std::size_t>(x[s + 1]);
      votes[0][next] += 1;
      if (t - s >= S) votes[1][next] += 1;
      votes[2][next] += prior[static_cast<std::size_t>(t * (T + 1) + t - s)];
    }
    ++counted;
    for (std::size_t k = 0; k < 3; ++k) {
      const double best = *std::max_element(votes[k].begin(), votes[k].end());
      const auto ties = static_cast<double>(std::count(votes[k].begin(), votes[k].end(), best));
      // Ties are broken at random: count the expectation.
      if (votes[k][static_cast<std::size_t>(b.targets[static_cast<std::size_t>(i)])] == best)
        hits[k] += 1 / ties;
    }
  }
  // 54 000 positions in clusters of nine: the standard error is below 0.004.
  CHECK(hits[0] / counted == doctest::Approx(0.559).epsilon(0.02));
  CHECK(hits[1] / counted == doctest::Approx(0.712).epsilon(0.02));
  CHECK(hits[2] / counted == doctest::Approx(0.849).epsilon(0.02));
}

TEST_CASE("a refilled batch equals a fresh one, and the stream goes on") {
  for (const TaskKind kind : {TaskKind::repeat, TaskKind::copy, TaskKind::recall, TaskKind::markov,
                              TaskKind::ngram, TaskKind::backcopy, TaskKind::uniform}) {
    TaskConfig c;
    c.kind = kind;
    c.segment_max = 20;
    Rng a(11), b(11);
    TaskBatch reused;
    for (int round = 0; round < 3; ++round) {
      make_batch(c, 4, a, reused);
      const TaskBatch fresh = make_batch(c, 4, b);
      CHECK(reused.inputs.tokens == fresh.inputs.tokens);
      CHECK(reused.targets == fresh.targets);
      CHECK(reused.match == fresh.match);
      CHECK(reused.weights == fresh.weights);
    }
    CHECK(a.state() == b.state());
  }
}

TEST_CASE("an impossible task is refused in words") {
  TaskConfig c;
  c.segment_max = 60;
  REQUIRE_FALSE(validate(c).ok());
  CHECK(validate(c).error().message.find("no room to repeat a segment of 60") != std::string::npos);
  c = TaskConfig{};
  c.distinct = true;
  c.vocab = 10;
  CHECK(validate(c).error().message.find("needs 24 different tokens") != std::string::npos);
  for (const TaskKind kind : {TaskKind::repeat, TaskKind::copy})
    for (const bool tiled : {true, false}) {  // twice the longest segment would be less than nothing
      c = TaskConfig{};
      c.kind = kind, c.tiled = tiled;
      c.segment_max = std::numeric_limits<Index>::max();
      CHECK_FALSE(validate(c).ok());
    }
  c = TaskConfig{};
  c.kind = TaskKind::markov;
  c.order = 9;
  CHECK_FALSE(validate(c).ok());
  c.order = 1, c.vocab = 65536;  // its square is 0 in 32 bits
  CHECK_FALSE(validate(c).ok());
  c = TaskConfig{};
  c.kind = TaskKind::recall;
  c.pairs = 17;
  CHECK_FALSE(validate(c).ok());
}

TEST_CASE("task JSON: round trip, unknown keys and wrong types by name") {
  TaskConfig c;
  c.kind = TaskKind::recall;
  c.pairs = 5;
  c.distinct = true;
  const Result<TaskConfig> back = task_config_from_json(to_json(c));
  REQUIRE(back.ok());
  CHECK(back->kind == TaskKind::recall);
  CHECK(back->pairs == 5);
  CHECK(back->distinct);
  const auto message = [](const char* json) { return task_config_from_json(json).error().message; };
  CHECK(message(R"({"vocabulary": 32})").find("task.vocabulary is not a known field") != std::string::npos);
  CHECK(message(R"({"vocab": 3.5})").find("task.vocab must be a whole number") != std::string::npos);
  CHECK(message(R"({"kind": "cope"})").find("is not one of repeat, copy") != std::string::npos);
  CHECK(message(R"({"tiled": 1})").find("task.tiled must be true or false") != std::string::npos);
  CHECK_FALSE(task_config_from_json("[]").ok());
  CHECK_FALSE(task_config_from_json("{").ok());
}
