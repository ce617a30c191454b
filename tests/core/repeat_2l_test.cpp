// The shipped model is what its card says: models/repeat-2l/README.md is read, row by row.
#include <doctest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "attn/analysis/circuits.hpp"
#include "attn/analysis/head_scores.hpp"
#include "attn/analysis/interventions.hpp"
#include "attn/model/checkpoint.hpp"
#include "attn/ops/cross_entropy.hpp"
#include "attn/train/trainer.hpp"

using namespace attn;

namespace {

const std::string folder = std::string(ATTN_GOLDEN_DIR) + "/../../models/repeat-2l/";

std::string text_of(const std::string& name) {
  std::ifstream file(folder + name, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), "cannot read " << folder << name);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

Model shipped() {
  const std::string bytes = text_of("model.safetensors");
  CHECK(bytes.size() < 400000);
  Result<Model> model = load_model(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  REQUIRE(model.ok());
  return std::move(model).value();
}

TrainConfig recipe() { return train_config_from_json(text_of("train.json")).value(); }

// The numbers of the card's row that begins "| name |".
std::vector<double> row(const std::string& card, const std::string& name) {
  std::istringstream lines(card);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("| " + name + " |", 0) != 0) continue;
    std::vector<double> out;
    std::istringstream cells(line.substr(name.size() + 4));
    for (std::string cell; std::getline(cells, cell, '|');) out.push_back(std::strtod(cell.c_str(), nullptr));
    return out;
  }
  FAIL("the card has no row " << name);
  return {};
}

}  // namespace

TEST_CASE("every head scores what the card says, by the protocol of `attn heads`") {
  const Model model = shipped();
  const std::string card = text_of("README.md");
  Rng rng = stream(1, Stream::probe);
  const TokenBatch batch = random_repeat_batch(model.config.vocab, 32, model.config.context / 2, rng);
  std::vector<HeadScores> scores = head_scores(model, batch);
  REQUIRE(scores.size() == 8);
  scores.push_back(uniform_baseline(batch));
  for (const HeadScores& s : scores) {
    char name[40] = "uniform";
    if (s.layer >= 0) std::snprintf(name, sizeof name, "L%dH%d", s.layer, s.head);
    const std::vector<double> said = row(card, name);
    INFO(std::string(name));
    REQUIRE(said.size() >= 6);
    const Real measured[] = {s.previous, s.current, s.first, s.duplicate, s.induction, s.entropy_ratio};
    // Three decimals are printed; the rest is float rounding.
    for (std::size_t i = 0; i < 6; ++i) CHECK(std::abs(static_cast<double>(measured[i]) - said[i]) < 0.0008);
    if (s.layer >= 0)
      CHECK(std::abs(static_cast<double>(copying_score(model, s.layer, s.head).score) - said.at(6)) < 0.0008);
  }
}

TEST_CASE("on sequences it has never seen, whole and without some heads, it does what the card says") {
  const Model model = shipped();
  const std::string card = text_of("README.md");
  const TrainConfig config = recipe();
  Rng rng = stream(config.seed, Stream::evaluation);
  const TaskBatch held_out = make_batch(config.task, 128, rng);
  const auto check = [&](const std::string& name, const std::vector<HeadRef>& heads) {
    Hooks hooks;
    AblationScopes scopes;
    Rng unused(0);
    ablate(hooks, model, held_out.inputs, heads, Ablation::zero, unused, scopes);
    Tape tape(Tape::Mode::inference);
    const Var logits = forward(tape, model, held_out.inputs, ForwardOptions{&hooks, nullptr, nullptr});
    const CrossEntropy ce = cross_entropy(tape, logits, held_out.targets.data(), held_out.weights.data());
    INFO(name);
    CHECK(std::abs(static_cast<double>(tape.value(ce.loss)[0]) - row(card, name).at(0)) < 0.002);
    CHECK(std::abs(static_cast<double>(ce.accuracy) - row(card, name).at(1)) < 0.0008);
  };
  check("whole", {});
  check("without L1H0, the strongest induction head", {{1, 0}});
  check("without L1H0, L1H1", {{1, 0}, {1, 1}});
  check("without L1H0, L1H1, L1H2", {{1, 0}, {1, 1}, {1, 2}});
  check("without all of layer 1", {{1, 0}, {1, 1}, {1, 2}, {1, 3}});
  check("without L0H1, the previous-token head", {{0, 1}});
  check("without L0H3", {{0, 3}});
  check("without L0H0, L0H2", {{0, 0}, {0, 2}});
}

TEST_CASE("the recipe beside the model is the one it was trained with") {
  const Model model = shipped();
  CHECK(to_json(model.config) == to_json(recipe().model));
}
