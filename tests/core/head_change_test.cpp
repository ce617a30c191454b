#include "attn/adapt/head_change.hpp"

#include <doctest.h>

#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {

double d(Real x) { return static_cast<double>(x); }

Metric everywhere(const TokenBatch& batch) { return next_token_loss(batch); }

}  // namespace

TEST_CASE("head change: a model beside itself did not change") {
  const Model m = random_model(small_config());
  const TokenBatch batch = random_tokens(m.config, 4, 9);
  const HeadChange c = head_change(m, m, batch, everywhere(batch));
  for (const Real x : c.weights.data) CHECK(x == 0);
  for (const Real x : c.divergence.data) CHECK(x == 0);
  CHECK(c.base == c.tuned);
  for (const Tensor* t : {&c.enough, &c.needed, &c.layer_enough, &c.layer_needed})
    for (const Real x : t->data) CHECK(x == c.base);
}

TEST_CASE("head change: one head of one matrix moved is seen there and nowhere else") {
  const Model base = random_model(small_config());
  Model tuned = base;
  const View values = tuned.parameters["blocks.1.attn.W_V"];  // [D, H, d]: head 1 owns columns 4 … 7 of 8
  for (Index i = 0; i < 8; ++i)
    for (Index j = 4; j < 8; ++j) values[i * 8 + j] *= -2;
  const TokenBatch batch = random_tokens(base.config, 8, 9);
  const HeadChange c = head_change(base, tuned, batch, everywhere(batch));
  for (std::size_t i = 0; i < c.weights.data.size(); ++i)
    CHECK(d(c.weights.data[i]) == doctest::Approx(i == (1 * 2 + 1) * 4 + 2 ? 3 : 0));
  for (const Real x : c.divergence.data) CHECK(x == 0);  // where the heads look did not change
  // What this head writes is all the difference, either way round.
  CHECK(c.enough.data[3] == c.tuned);
  CHECK(c.needed.data[3] == c.base);
  CHECK(c.layer_enough.data[1] == c.tuned);
  CHECK(c.layer_needed.data[0] == c.tuned);
}

TEST_CASE("head change: moved queries of the last layer move its maps") {
  const Model base = random_model(small_config());
  Model tuned = base;
  for (Real& x : tuned.parameters["blocks.1.attn.W_Q"]) x = -x;
  const TokenBatch batch = random_tokens(base.config, 4, 9);
  const HeadChange c = head_change(base, tuned, batch, everywhere(batch));
  for (std::size_t h = 0; h < 2; ++h) {
    CHECK(c.divergence.data[h] == 0);
    CHECK(d(c.divergence.data[2 + h]) > 0.01);
    CHECK(d(c.divergence.data[2 + h]) <= 1);
  }
}
