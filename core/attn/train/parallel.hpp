// Work cut into jobs that may run at the same time. The core starts no threads: whoever owns some (the
// command line) lends them through this interface.
#pragma once

#include <functional>

#include "attn/base/real.hpp"

namespace attn {

// job: which piece of the work; worker: whose memory to use, one job at a time for each.
using Job = std::function<void(Index job, Index worker)>;

class Workers {
 public:
  virtual ~Workers() = default;
  virtual Index count() const = 0;
  // Runs jobs 0 … n - 1, each once, in any order; returns, or throws a job's exception, after the last.
  virtual void run(Index n, const Job& job) = 0;
};

// The caller's own thread.
class OneWorker final : public Workers {
 public:
  Index count() const override { return 1; }
  void run(Index n, const Job& job) override {
    for (Index i = 0; i < n; ++i) job(i, 0);
  }
};

}  // namespace attn
