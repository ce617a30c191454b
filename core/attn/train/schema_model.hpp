// A controller that looks about with one softmax head and may or may not know where it looks: does a model of
// its own attention help it to control that attention? (Attention schema theory: Graziano & Webb 2015;
// Wilterson & Graziano 2021, PNAS 118(33); Liu et al. 2023, arXiv 2305.17375.)
//
// On a ring of P places one target walks. Each step the controller's state asks, the head weighs the places,
// and the controller is told one number: how much of its attention lay on the target, with noise. That number
// means nothing to whoever does not know where he was looking, and at times a salient place pulls the gaze
// away.
#pragma once

#include <cstdint>
#include <vector>

#include "attn/ops/cross_entropy.hpp"
#include "attn/train/slots.hpp"

namespace attn {

enum class SchemaWiring {
  none,    // nothing tells the controller where its attention is
  aside,   // a head learns to predict the next row of attention; nobody reads it
  fed,     // the same, and the controller reads the prediction
  free_,   // the same wires, and nothing asks them to predict: they carry what serves the task
  mirror,  // the controller reads the row itself
};

struct SchemaConfig {
  SchemaWiring wiring = SchemaWiring::none;
  Index places = 8;  // P
  Index steps = 12;  // T, in one sequence
  Index settle = 4;  // steps whose answers do not count
  Index width = 32;  // D, of the state
  Index key_width = 8;
  Index batch = 64;
  Real noise = Real(0.05);    // on what is told
  Real turn = Real(0.1);      // probability that the target turns round
  Real reach = 3;             // r: no score that the state asks for is beyond ± r
  Real pull = 6;              // added to the score of the salient place ...
  Real captured = Real(0.5);  // ... at a step with this probability
  Real learning_rate = Real(5e-3);
  std::uint64_t seed = 1;
};
Status validate(const SchemaConfig& config);

// On sequences that training does not see, over the steps that count.
struct SchemaExam {
  Real accuracy = 0;  // the target's place named right
  Real loss = 0;      // nats
  // The prediction of the next row: KL(row ‖ prediction), nats, and how often both have their largest weight
  // at the same place; beside them the row of the step before, taken as a prediction. 0 where nothing
  // predicts.
  Real divergence = 0, match = 0, stale_match = 0;
  Real on_target = 0;  // weight on the target, mean
};

class SchemaModel {
 public:
  explicit SchemaModel(const SchemaConfig& config);  // a valid one

  std::vector<Real> state() const { return slots_.state(); }
  Status restore(const std::vector<Real>& state) { return slots_.restore(state); }
  Index steps_done() const { return slots_.steps(); }

  StepMetrics step();
  // `foreign`: what the controller is told of its attention is told of another sequence's.
  SchemaExam evaluate(Index batch, bool foreign);

 private:
  using Slot = Slots::Slot;
  struct Layer {  // what one gate of the state reads
    Slot state, told, row, bias;
  };
  struct Seen {  // one step of all sequences
    Var row, prediction;
    CrossEntropy answer;
  };
  Layer layer(Rng& rng);
  Var weigh(Tape& tape, Var state, Index t, Index batch);
  Var predict(Tape& tape, Var state, Var before, Index batch);
  Var read(Tape& tape, const Layer& l, Var state, Var told, Var row, Index batch);
  Var update(Tape& tape, Var state, Var told, Var row, Index batch);
  Var foreign_row(Tape& tape, Var row, Index batch);
  std::vector<Seen> play(Tape& tape, Index batch, bool foreign);
  Var schema_loss(Tape& tape, const std::vector<Seen>& seen, Index batch);
  void draw(Index batch, Rng& rng);
  bool predicts() const {
    return config_.wiring == SchemaWiring::aside || config_.wiring == SchemaWiring::fed;
  }

  SchemaConfig config_;
  Slots slots_;
  Slot query_, query_bias_, place_, schema_state_, schema_row_, schema_bias_, answer_, answer_bias_;
  Layer gate_, candidate_;
  std::vector<TokenId> target_;         // [T, B]
  std::vector<TokenId> drawn_;          // [T, B]: a place drawn from each row, what the prediction is taught
  Tensor where_, pull_, noise_, ones_;  // [T, B, P], [T, B, P], [T, B, 1], [P, 1]
  Rng lots_;
  Tape tape_{Tape::Mode::training}, evaluation_{Tape::Mode::inference};
};

}  // namespace attn
