#include "attn/adapt/fine_tuning.hpp"

#include <set>

#include "gradient_check.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {

double d(Real x) { return static_cast<double>(x); }

TaskConfig task() {
  TaskConfig t;
  t.vocab = 7, t.length = 12, t.segment_min = 3, t.segment_max = 6;
  return t;
}

FineTuneConfig config(Goal goal, Index rank) {
  FineTuneConfig c;
  c.goal = goal;
  c.lora.query = c.lora.value = true;
  c.lora.rank = rank;
  c.lora.alpha = 2;
  c.batch = 4;
  return c;
}

}  // namespace

TEST_CASE("new tasks: the shifted answer lies one further on, the renamed one is a cycle without rest") {
  Rng rng(3);
  const TaskBatch was = make_batch(task(), 8, rng);
  TaskBatch shifted = was, renamed = was, same = was;
  const std::vector<TokenId> names = renaming(7, 5);
  retarget(shifted, Goal::shift, names), retarget(renamed, Goal::permute, names),
      retarget(same, Goal::same, names);
  CHECK(same.targets == was.targets);
  TokenId at = 0;
  std::set<TokenId> seen;
  for (int i = 0; i < 7; ++i) seen.insert(at = names[static_cast<std::size_t>(at)]);
  CHECK(seen.size() == 7);  // one cycle
  int counted = 0;
  for (std::size_t i = 0; i < was.targets.size(); ++i) {
    if (!(was.weights[i] > 0)) continue;
    CHECK(renamed.targets[i] == names[static_cast<std::size_t>(was.targets[i])]);
    // In tiled text the shifted answer of t is the plain answer of t + 1.
    if (static_cast<Index>(i) % 12 == 11) continue;
    CHECK(shifted.targets[i] == was.targets[i + 1]);
    ++counted;
  }
  CHECK(counted > 20);
}

TEST_CASE("fine-tuning: only the adapters move, the loss falls, and a state goes on elsewhere bit for bit") {
  const Model base = random_model(small_config(), 5), kept = base;
  FineTuneConfig c = config(Goal::permute, 2);
  FineTuning whole(base, task(), c), first(base, task(), c), second(base, task(), c);
  CHECK(logits_of(whole.merged(), random_tokens(base.config, 2, 6)).data ==
        logits_of(base, random_tokens(base.config, 2, 6)).data);
  const Real before = whole.evaluate(Goal::permute, 64).loss;
  for (int i = 0; i < 40; ++i) whole.step();
  CHECK(whole.evaluate(Goal::permute, 64).loss < before);
  CHECK(base.parameters.flat().data[0] == kept.parameters.flat().data[0]);
  const ConstView embed = whole.merged().parameters["embed.W_E"], fixed = base.parameters["embed.W_E"];
  CHECK(std::equal(embed.begin(), embed.end(), fixed.begin()));
  for (int i = 0; i < 25; ++i) first.step();
  REQUIRE(second.restore(first.state()).ok());
  for (int i = 0; i < 15; ++i) second.step();
  CHECK(second.state() == whole.state());
  CHECK(!second.restore({1, 2, 3}).ok());
}

TEST_CASE("fine-tuning: from A = B = 0 nothing ever moves") {
  const Model base = random_model(small_config(), 5);
  FineTuneConfig c = config(Goal::shift, 2);
  c.lora.dead = true;
  FineTuning run(base, task(), c);
  for (int i = 0; i < 20; ++i) run.step();
  CHECK(run.steps_done() == 20);
  for (const Real x : run.lora().weights()) CHECK(x == 0);
}

TEST_CASE("first step: A rests, ΔW = -η s² A Aᵀ G, and the cosine grows with the rank") {
  const Model base = random_model(small_config(), 5);
  FineTuneConfig c = config(Goal::shift, 2);
  c.lora.value = false;
  c.batch = 16;
  double last = 0;
  for (const Index rank : {Index(1), Index(8)}) {
    c.lora.rank = rank;
    double mean = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      c.seed = seed;
      const FirstStep step = first_step(base, task(), c);
      CHECK(step.moved_a == 0);
      CHECK(step.moved_b > 0);
      CHECK(d(step.rank_of_g) >= 1);
      CHECK(d(step.rank_of_g) <= 8);
      CHECK(d(step.formula) < (kDouble ? 1e-10 : 1e-3));
      mean += d(step.cosine) / 20;
    }
    CHECK(mean > last);
    last = mean;
  }
  CHECK(last < 0.95);  // A Aᵀ of eight random columns is not a multiple of the identity
}
