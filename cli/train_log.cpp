#include "cli/train_log.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "cli/command.hpp"

namespace cli {

namespace {

constexpr const char* header = "step,loss,accuracy,grad_norm,learning_rate\n";

// Rows of steps 1..done of an earlier log; a row cut short by a crash has no end of line and goes.
std::string rows_until(const std::string& text, attn::Index done) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) break;
    const long long step = std::strtoll(text.c_str() + at, nullptr, 10);  // the header gives 0
    if (step >= 1 && step <= done) kept += text.substr(at, end + 1 - at);
    at = end + 1;
  }
  return kept;
}

}  // namespace

TrainLog::TrainLog(const std::string& path, attn::Index done) : path_(path) {
  if (path.empty()) return;
  std::string text = header;
  if (done > 0 && std::filesystem::is_regular_file(path)) text += rows_until(read_text(path), done);
  file_ = std::fopen(path.c_str(), "w");
  if (!file_) throw Failure("cannot write " + path + ": " + std::strerror(errno));
  std::fputs(text.c_str(), file_);
}

TrainLog::~TrainLog() {
  if (file_) std::fclose(file_);
}

void TrainLog::add(const attn::StepMetrics& m) {
  if (!file_) return;
  std::fprintf(file_, "%td,%.9g,%.9g,%.9g,%.9g\n", m.step, double(m.loss), double(m.accuracy),
               double(m.grad_norm), double(m.learning_rate));
  if (std::fflush(file_) != 0) throw Failure("cannot write " + path_ + ": " + std::strerror(errno));
}

}  // namespace cli
