// What the subcommands share: exit codes, the one way to fail, files.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "attn/base/error.hpp"

namespace CLI {
class App;
}

namespace cli {

enum Exit : int { success = 0, failure = 1, usage = 2, interrupted = 130 };

// Ends the command with a message on stderr: what failed, why, and what to do about it.
class Failure : public std::runtime_error {
 public:
  Failure(Exit exit_code, const std::string& message) : std::runtime_error(message), code(exit_code) {}
  explicit Failure(const std::string& message) : Failure(failure, message) {}
  Exit code;
};

// The value, or a Failure that names the file.
template <class T>
T need(attn::Result<T> result, const std::string& file) {
  if (!result.ok()) throw Failure(file + ": " + result.error().message);
  return std::move(result).value();
}

std::vector<std::uint8_t> read_file(const std::string& path);
std::string read_text(const std::string& path);
// All or nothing: a temporary file beside the target, then a rename.
void write_file(const std::string& path, const std::vector<std::uint8_t>& bytes);

// Each adds its subcommand; the chosen one runs as a CLI11 callback and fails by throwing Failure.
void add_op(CLI::App& app);
void add_train(CLI::App& app);
void add_train_lm(CLI::App& train);  // `attn train lm`
void add_heads(CLI::App& app);
void add_generate(CLI::App& app);
void add_run(CLI::App& app);
void add_info(CLI::App& app);
void add_tokenizer(CLI::App& app);
void add_lm(CLI::App& app);
void add_snapshots(CLI::App& app);

}  // namespace cli
