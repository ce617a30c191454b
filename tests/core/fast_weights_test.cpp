#include "attn/attention/fast_weights.hpp"

#include <cmath>

#include "gradient_check.hpp"

using namespace attn;
using namespace attn::test;

namespace {

struct Inputs {
  Tensor q, k, v, alpha, beta;
};

Inputs random_inputs(std::uint64_t seed) {
  Rng rng(seed);
  Inputs in{random_tensor({2, 5, 2, 3}, rng), random_tensor({2, 5, 2, 3}, rng),
            random_tensor({2, 5, 2, 4}, rng), Tensor({2, 5, 2}), Tensor({2, 5, 2})};
  fill_uniform(in.alpha, rng, Real(0.3), 1);
  fill_uniform(in.beta, rng, Real(0.2), Real(0.9));
  return in;
}

Tensor run(const Inputs& in, bool decayed, bool gated, bool erase) {
  Tape tape(Tape::Mode::inference);
  const Var y =
      fast_weights(tape, tape.constant(in.q), tape.constant(in.k), tape.constant(in.v),
                   decayed ? tape.constant(in.alpha) : Var{}, gated ? tape.constant(in.beta) : Var{}, erase);
  Tensor out(tape.value(y).shape);
  std::copy(tape.value(y).begin(), tape.value(y).end(), out.data.begin());
  return out;
}

}  // namespace

// The dual of Dao & Gu 2024 (arXiv 2405.21060), section 5: Y = (L ∘ Q Kᵀ) V with L_ts = α_{s+1} … α_t.
TEST_CASE("fast weights: a decayed sum of writes is masked attention without softmax") {
  const Inputs in = random_inputs(1);
  for (const bool decayed : {false, true}) {
    const Tensor got = run(in, decayed, true, false);
    const ConstHeads q = token_major(in.q.view()), k = token_major(in.k.view()), v = token_major(in.v.view());
    const auto gate = [](const Tensor& g, Index b, Index t, Index h) {
      return g.data[static_cast<std::size_t>((b * 5 + t) * 2 + h)];
    };
    for (Index b = 0; b < 2; ++b)
      for (Index h = 0; h < 2; ++h)
        for (Index t = 0; t < 5; ++t)
          for (Index i = 0; i < 4; ++i) {
            double want = 0;
            for (Index s = 0; s <= t; ++s) {
              double weight = static_cast<double>(gate(in.beta, b, s, h));
              for (Index u = s + 1; decayed && u <= t; ++u)
                weight *= static_cast<double>(gate(in.alpha, b, u, h));
              double dot = 0;
              for (Index c = 0; c < 3; ++c)
                dot += static_cast<double>(q.vector(b, t, h)[c] * k.vector(b, s, h)[c]);
              want += weight * dot * static_cast<double>(v.vector(b, s, h)[i]);
            }
            CHECK(static_cast<double>(token_major(got.view()).vector(b, t, h)[i]) ==
                  doctest::Approx(want).epsilon(1e-5).scale(1));
          }
  }
}

TEST_CASE("fast weights: the delta rule writes what it was told, over what stood there") {
  Tensor state({2, 3});
  const Matrix s(state.data.data(), 2, 3);
  const Real k[] = {Real(0.6), 0, Real(0.8)}, other[] = {0, 1, 0}, first[] = {1, 2}, second[] = {-3, 5};
  Real y[2];
  write_state(s, k, first, {1, 1, true});
  write_state(s, other, second, {1, 1, true});
  read_state(k, s, y);
  CHECK(y[0] == doctest::Approx(1));  // an orthogonal key does not disturb
  write_state(s, k, second, {1, 1, true});
  read_state(k, s, y);
  CHECK(y[0] == doctest::Approx(-3));
  CHECK(y[1] == doctest::Approx(5));
  write_state(s, k, first, {1, 1, false});  // the additive rule piles up
  read_state(k, s, y);
  CHECK(y[0] == doctest::Approx(-2));
  write_state(s, k, second, {Real(0.5), Real(0.5), true});  // forget a half, go half the way
  read_state(k, s, y);
  CHECK(y[0] == doctest::Approx(-1 + 0.5 * (-3 + 1)));
}

// ½ ‖S k - v‖² has the gradient (S k - v) kᵀ: one step of size β along it is the delta rule.
TEST_CASE("fast weights: the delta rule is one step of descent") {
  Rng rng(4);
  Tensor state = random_tensor({3, 4}, rng), k = random_tensor({4}, rng), v = random_tensor({3}, rng);
  Tensor want = state;
  for (Index i = 0; i < 3; ++i) {
    Real miss = -v.data[static_cast<std::size_t>(i)];
    for (Index c = 0; c < 4; ++c)
      miss += state.data[static_cast<std::size_t>(i * 4 + c)] * k.data[static_cast<std::size_t>(c)];
    for (Index c = 0; c < 4; ++c)
      want.data[static_cast<std::size_t>(i * 4 + c)] -=
          Real(0.3) * miss * k.data[static_cast<std::size_t>(c)];
  }
  write_state(Matrix(state.data.data(), 3, 4), k.data.data(), v.data.data(), {1, Real(0.3), true});
  for (std::size_t i = 0; i < 12; ++i)
    CHECK(state.data[i] == doctest::Approx(static_cast<double>(want.data[i])).epsilon(1e-5));
}

TEST_CASE("fast weights: the past does not see the future, and shapes are checked") {
  Inputs in = random_inputs(2);
  const Tensor before = run(in, true, true, true);
  for (Index c = 0; c < 4; ++c)
    in.v.data[static_cast<std::size_t>(4 * 2 * 4 + c)] += 1;  // token 4 of sequence 0
  const Tensor after = run(in, true, true, true);
  for (std::size_t i = 0; i < 4 * 2 * 4; ++i) CHECK(before.data[i] == after.data[i]);
  CHECK(before.data != after.data);
  in.beta = Tensor({2, 5, 1});
  CHECK_THROWS_AS(run(in, true, true, true), ShapeError);
}

TEST_CASE("fast weights: Jacobians of every rule") {
  Rng rng(6);
  const Shape key{1, 4, 2, 2}, value{1, 4, 2, 3}, gate{1, 4, 2};
  Tensor alpha(gate), beta(gate);
  fill_uniform(alpha, rng, Real(0.4), 1);
  fill_uniform(beta, rng, Real(0.2), Real(0.9));
  const std::vector<Tensor> qkv{random_tensor(key, rng), random_tensor(key, rng), random_tensor(value, rng)};
  for (const bool erase : {false, true}) {
    check_jacobian(
        [=](Tape& t, const std::vector<Var>& v) { return fast_weights(t, v[0], v[1], v[2], {}, {}, erase); },
        qkv);
    std::vector<Tensor> all = qkv;
    all.push_back(alpha), all.push_back(beta);
    check_jacobian(
        [=](Tape& t, const std::vector<Var>& v) {
          return fast_weights(t, v[0], v[1], v[2], v[3], v[4], erase);
        },
        all);
  }
}

TEST_CASE("linear attention: positive features, a denominator that makes weights sum to one") {
  Rng rng(8);
  const Tensor q = random_tensor({1, 4, 1, 3}, rng), k = random_tensor({1, 4, 1, 3}, rng);
  Tensor v({1, 4, 1, 2});
  std::fill(v.data.begin(), v.data.end(), Real(7));  // whatever the weights, their mean of sevens is seven
  Tape tape(Tape::Mode::inference);
  const Var y = divide_by_last(
      tape, fast_weights(tape, elu_plus_one(tape, tape.constant(q)), elu_plus_one(tape, tape.constant(k)),
                         append_one(tape, tape.constant(v)), {}, {}, false));
  for (const Real x : tape.value(y)) CHECK(x == doctest::Approx(7));
  Tensor three({3}, {-1, 0, 2});
  const ConstView phi = tape.value(elu_plus_one(tape, tape.constant(three)));
  CHECK(phi[0] == doctest::Approx(std::exp(-1.0)));
  CHECK(phi[1] == 1);
  CHECK(phi[2] == 3);
}

TEST_CASE("linear attention: Jacobians of its parts") {
  Rng rng(9);
  check_jacobian([](Tape& t, const std::vector<Var>& v) { return elu_plus_one(t, v[0]); },
                 {random_tensor({7}, rng, 2)});
  check_jacobian([](Tape& t, const std::vector<Var>& v) { return unit_length(t, v[0]); },
                 {random_tensor({3, 4}, rng)});
  check_jacobian([](Tape& t, const std::vector<Var>& v) { return append_one(t, v[0]); },
                 {random_tensor({3, 2}, rng)});
  Tensor y = random_tensor({3, 4}, rng);
  for (Index r = 0; r < 3; ++r) y.data[static_cast<std::size_t>(r * 4 + 3)] = Real(1.5) + Real(r);
  check_jacobian([](Tape& t, const std::vector<Var>& v) { return divide_by_last(t, v[0]); }, {y});
}
