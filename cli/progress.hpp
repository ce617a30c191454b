// How far a run is: one line that redraws itself on a terminal, plain lines elsewhere; on stderr.
#pragma once

#include <chrono>
#include <string>

#include "attn/train/trainer.hpp"

namespace cli {

class Progress {
 public:
  Progress(attn::Index first, attn::Index total);
  void show(const attn::StepMetrics& m);
  void finish();  // leaves the last state on a line of its own

 private:
  using Clock = std::chrono::steady_clock;
  std::string line(const attn::StepMetrics& m) const;
  void draw(const attn::StepMetrics& m);

  attn::Index first_, total_;
  bool terminal_;
  Clock::time_point start_, drawn_;
  attn::Index next_line_;
  attn::StepMetrics last_;
  bool pending_ = false;
};

}  // namespace cli
