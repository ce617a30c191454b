#include "cli/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace cli {

namespace {

double seconds(std::chrono::steady_clock::duration d) { return std::chrono::duration<double>(d).count(); }

std::string clock_text(double s) {
  const long total = static_cast<long>(s + 0.5);
  char text[40];
  if (total >= 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", total / 3600, total / 60 % 60, total % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld", total / 60, total % 60);
  return text;
}

}  // namespace

Progress::Progress(attn::Index first, attn::Index total)
    : first_(first),
      total_(total),
      terminal_(isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      next_line_(first + 1) {}

void Progress::show(const attn::StepMetrics& m) {
  last_ = m;
  pending_ = true;
  if (terminal_) {
    if (seconds(Clock::now() - drawn_) >= 0.1) draw(m);
  } else if (m.step >= next_line_) {
    draw(m);
    next_line_ = m.step + std::max<attn::Index>(1, (total_ - first_) / 20);
  }
}

void Progress::finish() {
  if (pending_) draw(last_);
  if (terminal_) std::fputc('\n', stderr);
}

void Progress::draw(const attn::StepMetrics& m) {
  std::fprintf(stderr, terminal_ ? "\r%s\x1b[K" : "%s\n", line(m).c_str());
  std::fflush(stderr);
  drawn_ = Clock::now();
  pending_ = false;
}

std::string Progress::line(const attn::StepMetrics& m) const {
  const double elapsed = seconds(Clock::now() - start_);
  const auto done = static_cast<double>(m.step - first_), left = static_cast<double>(total_ - m.step);
  const double rate = elapsed > 0 ? done / elapsed : 0;
  const double share = total_ > 0 ? static_cast<double>(m.step) / static_cast<double>(total_) : 1;
  constexpr int width = 24;
  std::string bar(static_cast<std::size_t>(share * width), '#');
  bar.resize(width, '.');
  char text[200];
  std::snprintf(text, sizeof text,
                "step %td/%td [%s] %3.0f%%  loss %.4f  accuracy %.3f  %.1f steps/s  ETA %s", m.step, total_,
                bar.c_str(), 100 * share, static_cast<double>(m.loss), static_cast<double>(m.accuracy), rate,
                rate > 0 ? clock_text(left / rate).c_str() : "?");
  return text;
}

}  // namespace cli
