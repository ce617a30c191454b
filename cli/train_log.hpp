// The CSV log of a run: one row a step.
#pragma once

#include <cstdio>
#include <string>

#include "attn/train/trainer.hpp"

namespace cli {

class TrainLog {
 public:
  // An empty path: no log. A resumed run keeps the rows up to `done` and goes on after them.
  TrainLog(const std::string& path, attn::Index done);
  ~TrainLog();
  TrainLog(const TrainLog&) = delete;
  TrainLog& operator=(const TrainLog&) = delete;
  void add(const attn::StepMetrics& m);

 private:
  std::FILE* file_ = nullptr;
  std::string path_;
};

}  // namespace cli
