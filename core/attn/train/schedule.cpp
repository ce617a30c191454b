#include <algorithm>
#include <cmath>

#include "attn/train/trainer.hpp"

namespace attn {

// Linear warm-up from learning_rate / warmup to learning_rate, then constant, or down to
// floor · learning_rate at step `total`: along half a cosine (Loshchilov & Hutter 2017, eq. 5
// without restarts) or a straight line. Warm-up, stable, decay (Hu et al. 2024, MiniCPM, section 4): the line
// falls over the last `decay` steps alone, so that the end may be decided late.
Real learning_rate(const Schedule& s, Index step) {
  if (step < s.warmup) return s.learning_rate * static_cast<Real>(step + 1) / static_cast<Real>(s.warmup);
  if (s.kind == ScheduleKind::constant || s.total <= s.warmup) return s.learning_rate;
  const Index from = s.kind == ScheduleKind::wsd ? std::max(s.warmup, s.total - s.decay) : s.warmup;
  if (step < from || from >= s.total) return s.learning_rate;
  const double done = std::min(1.0, static_cast<double>(step - from) / static_cast<double>(s.total - from));
  const double shape =
      s.kind == ScheduleKind::cosine ? 0.5 * (1 + std::cos(3.141592653589793 * done)) : 1 - done;
  const double floor = static_cast<double>(s.floor);
  return static_cast<Real>(static_cast<double>(s.learning_rate) * (floor + (1 - floor) * shape));
}

}  // namespace attn
