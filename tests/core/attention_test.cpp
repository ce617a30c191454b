#include "attn/attention/attention.hpp"

#include <algorithm>
#include <cmath>

#include "attn/ops/elementwise.hpp"
#include "golden_op.hpp"

using namespace attn;
using namespace attn::test;

namespace {

AttentionOptions options(Real scale, bool causal, Index past = 0) {
  AttentionOptions o;
  o.scale = scale;
  o.mask.causal = causal;
  o.mask.past = past;
  return o;
}

Operation with(AttentionOptions o, bool bias = false) {
  return [=](Tape& t, const std::vector<Var>& v) {
    AttentionOptions call = o;
    if (bias) call.bias = v[3];
    return attention(t, v[0], v[1], v[2], call);
  };
}

std::vector<Real> run(const AttentionOptions& o, const Tensor& q, const Tensor& k, const Tensor& v) {
  Tape tape(Tape::Mode::inference);
  const ConstView z = tape.value(attention(tape, tape.constant(q), tape.constant(k), tape.constant(v), o));
  return {z.begin(), z.end()};
}

// Head h of x: [B, T, H, d] as a tensor of one head.
Tensor head_of(const Tensor& x, Index h) {
  const Index rows = x.shape[0] * x.shape[1], heads = x.shape[2], d = x.shape[3];
  Tensor out(Shape{x.shape[0], x.shape[1], 1, d});
  for (Index r = 0; r < rows; ++r)
    for (Index c = 0; c < d; ++c) out.view()[r * d + c] = x.view()[(r * heads + h) * d + c];
  return out;
}

class Tap : public AttentionTap {
 public:
  Tap(AttentionStage stage, std::function<bool(View)> f) : stage_(stage), f_(std::move(f)) {}
  bool wants(AttentionStage stage) const override { return stage == stage_; }
  bool visit(AttentionStage, View value) const override { return f_(value); }

 private:
  AttentionStage stage_;
  std::function<bool(View)> f_;
};

}  // namespace

TEST_CASE("attention: PyTorch: grouped heads, wider values, a past; soft-cap and bias") {
  check_golden("attention", {"q", "k", "v"}, with(options(Real(0.4), true, 2)));
  AttentionOptions capped = options(Real(0.8), true, 2);
  capped.softcap = 2;
  check_golden("attention_softcap", {"q", "k", "v", "bias"}, with(capped, true));
}

TEST_CASE("attention: full Jacobian of every input") {
  Rng rng(16);
  const Tensor q = random_tensor({2, 3, 2, 2}, rng), k = random_tensor({2, 4, 1, 2}, rng),
               v = random_tensor({2, 4, 1, 3}, rng);
  check_jacobian(with(options(Real(0.7), true, 1)), {q, k, v});
  AttentionOptions all = options(Real(0.7), false);
  static const Index lengths[] = {4, 2};
  all.mask.lengths = lengths;
  all.mask.left = 1;
  all.softcap = 2;
  check_jacobian(with(all, true), {q, k, v, random_tensor({2, 3, 4}, rng)});
  const Operation silent = [](Tape& t, const std::vector<Var>& x) {
    AttentionOptions o = options(Real(0.7), true, 1);
    o.null = x[3];
    return attention(t, x[0], x[1], x[2], o);
  };
  check_jacobian(silent, {q, k, v, random_tensor({2}, rng)});
}

TEST_CASE("attention: a null score of 0 is a key of zeros with a value of zeros") {
  Rng rng(24);
  const Tensor q = random_tensor({1, 3, 1, 4}, rng), k = random_tensor({1, 3, 1, 4}, rng),
               v = random_tensor({1, 3, 1, 2}, rng), zero(Shape{1});
  Tensor wider_k(Shape{1, 4, 1, 4}), wider_v(Shape{1, 4, 1, 2});
  std::copy(k.data.begin(), k.data.end(), wider_k.data.begin() + 4);
  std::copy(v.data.begin(), v.data.end(), wider_v.data.begin() + 2);
  const std::vector<Real> expected = run(options(Real(0.5), true, 1), q, wider_k, wider_v);
  Tape tape(Tape::Mode::inference);
  AttentionOptions o = options(Real(0.5), true);
  o.null = tape.constant(zero);
  const ConstView z = tape.value(attention(tape, tape.constant(q), tape.constant(k), tape.constant(v), o));
  for (Index i = 0; i < z.size(); ++i)
    CHECK(static_cast<double>(z[i]) ==
          doctest::Approx(static_cast<double>(expected[static_cast<std::size_t>(i)])).epsilon(1e-5));
}

TEST_CASE("attention: Q = 0 gives the mean of the visible values") {
  Rng rng(17);
  const Tensor q(Shape{1, 4, 1, 3}), k = random_tensor({1, 4, 1, 3}, rng),
                                     v = random_tensor({1, 4, 1, 2}, rng);
  const std::vector<Real> z = run(options(1, true), q, k, v);
  for (Index t = 0; t < 4; ++t)
    for (Index c = 0; c < 2; ++c) {
      double mean = 0;
      for (Index s = 0; s <= t; ++s)
        mean += static_cast<double>(v.view()[s * 2 + c]) / static_cast<double>(t + 1);
      CHECK(static_cast<double>(z[static_cast<std::size_t>(t * 2 + c)]) ==
            doctest::Approx(mean).epsilon(1e-5));
    }
}

TEST_CASE("attention: causal: the future does not change the past, to the bit") {
  Rng rng(18);
  Tensor q = random_tensor({1, 7, 2, 4}, rng), k = random_tensor({1, 7, 2, 4}, rng),
         v = random_tensor({1, 7, 2, 4}, rng);
  const std::vector<Real> before = run(options(Real(0.5), true), q, k, v);
  const Index changed = 4 * 2 * 4;  // from token 4 on
  for (Tensor* x : {&q, &k, &v})
    for (Index e = changed; e < x->size(); ++e) x->view()[e] = static_cast<Real>(100 * rng.normal());
  const std::vector<Real> after = run(options(Real(0.5), true), q, k, v);
  CHECK(std::equal(before.begin(), before.begin() + changed, after.begin()));
  CHECK(before != after);
}

TEST_CASE("attention: heads are independent: each equals a run of its own, to the bit") {
  Rng rng(19);
  const Tensor q = random_tensor({2, 5, 4, 3}, rng), k = random_tensor({2, 5, 2, 3}, rng),
               v = random_tensor({2, 5, 2, 3}, rng);
  const Tensor z(Shape{2, 5, 4, 3}, run(options(Real(0.6), true), q, k, v));
  for (Index h = 0; h < 4; ++h)
    CHECK(head_of(z, h).data ==
          run(options(Real(0.6), true), head_of(q, h), head_of(k, h / 2), head_of(v, h / 2)));
}

TEST_CASE("attention: sequences of a batch are independent, to the bit") {
  Rng rng(20);
  const Tensor q = random_tensor({2, 5, 2, 3}, rng), k = random_tensor({2, 5, 2, 3}, rng),
               v = random_tensor({2, 5, 2, 3}, rng);
  const auto second = [](const Tensor& x) {
    return Tensor(Shape{1, 5, 2, 3}, std::vector<Real>(x.data.begin() + 30, x.data.end()));
  };
  const std::vector<Real> both = run(options(1, true), q, k, v),
                          one = run(options(1, true), second(q), second(k), second(v));
  CHECK(std::equal(one.begin(), one.end(), both.begin() + 30));
}

TEST_CASE("attention: without a mask, permuted tokens give permuted outputs") {
  Rng rng(21);
  const Tensor q = random_tensor({1, 6, 1, 3}, rng), k = random_tensor({1, 6, 1, 3}, rng),
               v = random_tensor({1, 6, 1, 3}, rng);
  const std::vector<Index> order = permutation(6, rng);
  const auto permuted = [&](const Tensor& x) {
    Tensor y(x.shape);
    for (Index t = 0; t < 6; ++t)
      for (Index c = 0; c < 3; ++c)
        y.view()[t * 3 + c] = x.view()[order[static_cast<std::size_t>(t)] * 3 + c];
    return y;
  };
  const Tensor z(q.shape, run(options(1, false), q, k, v));
  check_close("permuted", Tensor(q.shape, run(options(1, false), permuted(q), permuted(k), permuted(v))),
              permuted(z), 16);
}

TEST_CASE("attention: outputs are linear in the values and inside their range") {
  Rng rng(22);
  const Tensor q = random_tensor({1, 5, 1, 3}, rng), k = random_tensor({1, 5, 1, 3}, rng);
  Tensor v = random_tensor({1, 5, 1, 2}, rng);
  const std::vector<Real> z = run(options(1, true), q, k, v);
  const auto range = std::minmax_element(v.data.begin(), v.data.end());
  for (Real x : z) CHECK((x >= *range.first - Real(1e-6) && x <= *range.second + Real(1e-6)));
  Tensor twice = v;
  for (Real& x : twice.data) x *= 4;  // a power of two
  std::vector<Real> four = z;
  for (Real& x : four) x *= 4;
  CHECK(run(options(1, true), q, k, twice) == four);
}

TEST_CASE("attention: a dominant score copies one value") {
  Tensor q({1, 1, 1, 1}, {1}), k({1, 3, 1, 1}, {0, 500, -500}), v({1, 3, 1, 1}, {1, 2, 3});
  CHECK(run(options(1, false), q, k, v) == std::vector<Real>{2});
}

TEST_CASE("attention: a query that sees nothing writes zeros and gets no gradient") {
  Rng rng(23);
  static const Index nothing[] = {0};
  AttentionOptions o = options(1, false);
  o.mask.lengths = nothing;
  Tensor q = random_tensor({1, 2, 1, 3}, rng), k = random_tensor({1, 2, 1, 3}, rng),
         v = random_tensor({1, 2, 1, 3}, rng);
  Tensor dq(q.shape), dk(k.shape), dv(v.shape), w = random_tensor({1, 2, 1, 3}, rng);
  Tape tape(Tape::Mode::training);
  const Var z = attention(tape, tape.parameter(q, dq), tape.parameter(k, dk), tape.parameter(v, dv), o);
  for (Real x : tape.value(z)) CHECK(x == 0);
  tape.backward(weighted_sum(tape, z, w));
  for (const Tensor* g : {&dq, &dk, &dv})
    for (Real x : g->data) CHECK(x == 0);
}

TEST_CASE("attention: a tap that looks changes no bit; one that writes cuts the gradient behind it") {
  Rng rng(24);
  Tensor q = random_tensor({1, 4, 2, 3}, rng), k = random_tensor({1, 4, 2, 3}, rng),
         v = random_tensor({1, 4, 2, 3}, rng);
  const std::vector<Real> plain = run(options(1, true), q, k, v);
  for (AttentionStage stage : {AttentionStage::scores, AttentionStage::pattern}) {
    Tensor seen;
    const Tap look(stage, [&](View x) {
      seen = Tensor(x.shape, std::vector<Real>(x.begin(), x.end()));
      return false;
    });
    AttentionOptions o = options(1, true);
    o.tap = &look;
    CHECK(run(o, q, k, v) == plain);
    CHECK(seen.shape == Shape{1, 2, 4, 4});
    CHECK(seen.view()[1] == (stage == AttentionStage::pattern ? 0 : -std::numeric_limits<Real>::infinity()));

    const Tap same(stage, [](View) { return true; });  // overwritten with what was there
    o.tap = &same;
    CHECK(run(o, q, k, v) == plain);
    Tensor dq(q.shape), dk(k.shape), dv(v.shape), w = random_tensor({1, 4, 2, 3}, rng);
    Tape tape(Tape::Mode::training);
    const Var z = attention(tape, tape.parameter(q, dq), tape.parameter(k, dk), tape.parameter(v, dv), o);
    tape.backward(weighted_sum(tape, z, w));
    double to_scores = 0, to_values = 0;
    for (const Tensor* g : {&dq, &dk})
      for (Real x : g->data) to_scores += std::fabs(static_cast<double>(x));
    for (Real x : dv.data) to_values += std::fabs(static_cast<double>(x));
    CHECK(to_scores == 0);
    CHECK(to_values > 0.1);
  }
}

TEST_CASE("attention: shapes that do not fit are named") {
  Tape tape(Tape::Mode::inference);
  Tensor q(Shape{1, 2, 3, 4}), k(Shape{1, 2, 2, 4});
  const Var vk = tape.constant(k);
  CHECK_THROWS_WITH_AS(attention(tape, tape.constant(q), vk, vk, {}),
                       "attention: q [1, 2, 3, 4], k [1, 2, 2, 4], v [1, 2, 2, 4]", ShapeError);
  const Var vq = tape.constant(k);
  const Tensor bias(Shape{2, 1, 2});
  AttentionOptions o;
  o.bias = tape.constant(bias);
  CHECK_THROWS_WITH_AS(attention(tape, vq, vk, vk, o), "attention: bias: expected [2, 2, 2], got [2, 1, 2]",
                       ShapeError);
}

// A bias of zeros keeps the map whole; without it a causal map longer than 64 is cut into blocks of queries.
TEST_CASE("attention: blocks of queries give the map, the output and the gradients of the whole") {
  constexpr Index T = 150, H = 2, d = 4;
  Rng rng(23);
  const Tensor q = random_tensor({2, T, H, d}, rng), k = random_tensor({2, T, 1, d}, rng),
               v = random_tensor({2, T, 1, 3}, rng), weights = random_tensor({2, T, H, 3}, rng);
  const Tensor zeros(Shape{H, T, T});
  const auto results = [&](bool whole) {
    Tape tape(Tape::Mode::training);
    Tensor dq(q.shape), dk(k.shape), dv(v.shape);
    const Var vars[] = {tape.parameter(q, dq), tape.parameter(k, dk), tape.parameter(v, dv)};
    // Through a copy, whose gradient the first writer overwrites: the path of a model.
    const Var inner[] = {copy(tape, vars[0]), copy(tape, vars[1]), copy(tape, vars[2])};
    AttentionOptions o = options(Real(0.9), true);
    if (whole) o.bias = tape.constant(zeros);
    const Var z = attention(tape, inner[0], inner[1], inner[2], o);
    std::vector<Real> all(tape.value(z).begin(), tape.value(z).end());
    tape.backward(weighted_sum(tape, z, weights));
    for (const Tensor* g : {&dq, &dk, &dv}) all.insert(all.end(), g->data.begin(), g->data.end());
    return all;
  };
  const std::vector<Real> blocks = results(false), whole = results(true);
  REQUIRE(blocks.size() == whole.size());
  const double tolerance = sizeof(Real) == 8 ? 1e-13 : 1e-5;
  double worst = 0;
  for (std::size_t i = 0; i < whole.size(); ++i)
    worst = std::max(worst, std::fabs(static_cast<double>(blocks[i]) - static_cast<double>(whole[i])));
  CHECK(worst < tolerance);
}
