#include "attn/adapt/lora.hpp"

#include "attn/ops/linear.hpp"
#include "gradient_check.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {

double d(Real x) { return static_cast<double>(x); }

LoraConfig everywhere(Index rank) {
  LoraConfig c;
  c.query = c.key = c.value = c.output = true;
  c.rank = rank;
  c.alpha = 3;
  return c;
}

ModelConfig grouped() {
  ModelConfig c = small_config();
  c.heads = 4, c.kv_heads = 2, c.head_width = 3;
  return c;
}

// Adapters whose B is not zero any more.
Lora moved(const ModelConfig& config, const LoraConfig& lora) {
  Rng rng(2);
  Lora out(config, lora, rng);
  for (Real& x : out.weights()) x = static_cast<Real>(rng.normal()) / 4;
  return out;
}

Real loss_of(const Model& m, const TokenBatch& batch, Parameters* gradients, Tape& tape,
             const Tensor& weights) {
  tape.reset();
  ForwardOptions options;
  options.gradients = gradients;
  const Var loss = weighted_sum(tape, forward(tape, m, batch, options), weights);
  if (gradients) tape.backward(loss);
  return tape.value(loss)[0];
}

}  // namespace

TEST_CASE("LoRA: a fresh adapter leaves the model bit for bit, and counts r (in + out) numbers a matrix") {
  const Model base = random_model(grouped());
  Rng rng(1);
  const Lora lora(base.config, everywhere(2), rng);
  // W_Q [8, 12], W_K and W_V [8, 6], W_O [12, 8], two layers.
  CHECK(lora.weights().size() == 2u * 2u * (20 + 14 + 14 + 20));
  Model merged = base;
  lora.merge_into(merged.parameters);
  const TokenBatch batch = random_tokens(base.config, 2, 6);
  CHECK(logits_of(merged, batch).data == logits_of(base, batch).data);
  const Real bound = 1 / std::sqrt(Real(8));
  const Lora::Site& site = lora.sites().front();
  for (Index i = site.a; i < site.b; ++i)
    CHECK(std::fabs(d(lora.weights()[static_cast<std::size_t>(i)])) <= d(bound));
}

TEST_CASE("LoRA: the scale is α/r, or α/√r, and a rank of zero is the matrix itself") {
  const ModelConfig model = small_config();
  Rng rng(1);
  LoraConfig c = everywhere(4);
  CHECK(d(Lora(model, c, rng).scale()) == doctest::Approx(0.75));
  c.rank_stabilised = true;
  CHECK(d(Lora(model, c, rng).scale()) == doctest::Approx(1.5));
  const Lora full = moved(model, everywhere(0));
  CHECK(full.weights().size() == 2u * 4u * 64u);
  const Tensor dw = full.delta(full.sites()[1]);
  CHECK(dw.data == std::vector<Real>(full.weights().begin() + 64, full.weights().begin() + 128));
}

TEST_CASE("LoRA: merged and unmerged are one function, with one gradient") {
  Rng rng(5);
  const Index n = 6, in = 5, r = 2, out = 7;
  const Real s = Real(0.7);
  check_jacobian(
      [&](Tape& tape, const std::vector<Var>& v) {
        return low_rank_linear(tape, v[0], v[1], v[2], v[3], s, n, Shape{n, out});
      },
      {random_tensor({n, in}, rng), random_tensor({in, out}, rng), random_tensor({in, r}, rng),
       random_tensor({r, out}, rng)});
  // The same four inputs by hand: y = x (W + sAB), and the shadow of G on the factors.
  const Tensor x = random_tensor({n, in}, rng), w = random_tensor({in, out}, rng),
               a = random_tensor({in, r}, rng), b = random_tensor({r, out}, rng),
               weights = random_tensor({n, out}, rng);
  Tape tape(Tape::Mode::training);
  Tensor ga(a.shape), gb(b.shape), g(w.shape), merged = w, da(a.shape), db(b.shape);
  const Var unmerged = low_rank_linear(tape, tape.constant(x), tape.constant(w), tape.parameter(a, ga),
                                       tape.parameter(b, gb), s, n, Shape{n, out});
  const Tensor y(Shape{n, out}, {tape.value(unmerged).begin(), tape.value(unmerged).end()});
  tape.backward(weighted_sum(tape, unmerged, weights));
  add_low_rank(as_matrix(merged.view()), as_matrix(a.view()), as_matrix(b.view()), s);
  tape.reset();
  const Var whole = linear(tape, tape.constant(x), tape.parameter(merged, g), Var(), n, Shape{n, out});
  for (Index i = 0; i < n * out; ++i)
    CHECK(d(tape.value(whole)[i]) == doctest::Approx(d(y.data[static_cast<std::size_t>(i)])).epsilon(1e-4));
  tape.backward(weighted_sum(tape, whole, weights));
  low_rank_gradients(as_matrix(da.view()), as_matrix(db.view()), as_matrix(std::as_const(g).view()),
                     as_matrix(a.view()), as_matrix(b.view()), s);
  for (std::size_t i = 0; i < ga.data.size(); ++i)
    CHECK(d(da.data[i]) == doctest::Approx(d(ga.data[i])).epsilon(1e-4));
  for (std::size_t i = 0; i < gb.data.size(); ++i)
    CHECK(d(db.data[i]) == doctest::Approx(d(gb.data[i])).epsilon(1e-4));
}

TEST_CASE("LoRA: gradients through a whole model are the slopes of its loss") {
  if (!kDouble) {
    MESSAGE("gradient check skipped: float build");
    return;
  }
  const Model base = random_model(grouped());
  const TokenBatch batch = random_tokens(base.config, 2, 6);
  for (const Index rank : {Index(0), Index(2)}) {
    Lora lora = moved(base.config, everywhere(rank));
    Rng rng(7);
    const Tensor weights = random_tensor({2, 6, base.config.vocab}, rng);
    Tape tape(Tape::Mode::training);
    Parameters gradients(base.config);
    const auto merged = [&] {
      Model m = base;
      lora.merge_into(m.parameters);
      return m;
    };
    const Model now = merged();
    loss_of(now, batch, &gradients, tape, weights);
    std::vector<Real> analytic(lora.weights().size());
    lora.gradients(gradients, analytic);
    double largest = 0, worst = 0;
    for (std::size_t i = 0; i < analytic.size(); i += 3) {
      const auto loss = [&] { return d(loss_of(merged(), batch, nullptr, tape, weights)); };
      worst = std::max(worst, slope_error(loss, lora.weights()[i], d(analytic[i]), 1e-9));
      largest = std::max(largest, std::fabs(d(analytic[i])));
    }
    CHECK(largest > 1e-3);
    CHECK(worst <= 1e-9 * std::max(largest, 1.0));
  }
}

TEST_CASE("LoRA: what is refused") {
  const ModelConfig model = small_config();
  LoraConfig none;
  CHECK(!validate(none, model).ok());
  LoraConfig wide = everywhere(9);
  CHECK(!validate(wide, model).ok());
  LoraConfig away = everywhere(2);
  away.layers = {2};
  CHECK(!validate(away, model).ok());
  ModelConfig shared = model;
  shared.shared_qk = true;
  CHECK(!validate(everywhere(2), shared).ok());
  CHECK(validate(everywhere(2), model).ok());
}
