#include "attn/train/schema_model.hpp"

#include <doctest.h>

using namespace attn;

namespace {

SchemaConfig with(SchemaWiring wiring) {
  SchemaConfig c;
  c.wiring = wiring, c.batch = 32, c.width = 16, c.places = 6;
  return c;
}

}  // namespace

TEST_CASE("schema: whoever is told where he looks finds the target; another's row serves him badly") {
  SchemaModel m(with(SchemaWiring::mirror));
  for (int i = 0; i < 1200; ++i) m.step();
  const Real own = m.evaluate(128, false).accuracy;
  CHECK(own > Real(0.5));  // by chance 0.17
  CHECK(m.evaluate(128, true).accuracy < own - Real(0.15));
}

TEST_CASE("schema: a prediction that is taught is nearer to the row than one that is not") {
  SchemaModel taught(with(SchemaWiring::aside)), free(with(SchemaWiring::free_));
  for (int i = 0; i < 300; ++i) taught.step(), free.step();
  const SchemaExam a = taught.evaluate(128, false), b = free.evaluate(128, false);
  CHECK(a.divergence < b.divergence);
  CHECK(a.divergence > 0);
  // Nobody reads it, so another's changes nothing.
  CHECK(taught.evaluate(128, true).accuracy == a.accuracy);
  CHECK(SchemaModel(with(SchemaWiring::none)).evaluate(16, false).divergence == 0);
}

TEST_CASE(
    "schema: nobody reads the prediction set aside, so the controller's path differs only by its teaching") {
  // Before the first step the two are one controller.
  CHECK(SchemaModel(with(SchemaWiring::none)).evaluate(64, false).accuracy ==
        SchemaModel(with(SchemaWiring::aside)).evaluate(64, false).accuracy);
}

TEST_CASE("schema: a state goes on elsewhere bit for bit; what is wrong is refused") {
  SchemaModel whole(with(SchemaWiring::fed)), first(with(SchemaWiring::fed)), second(with(SchemaWiring::fed));
  for (int i = 0; i < 7; ++i) whole.step();
  for (int i = 0; i < 4; ++i) first.step();
  REQUIRE(second.restore(first.state()).ok());
  for (int i = 0; i < 3; ++i) second.step();
  CHECK(second.state() == whole.state());
  SchemaConfig c;
  CHECK(validate(c).ok());
  c.places = 2;
  CHECK_FALSE(validate(c).ok());
  c = {}, c.settle = c.steps;
  CHECK_FALSE(validate(c).ok());
}
