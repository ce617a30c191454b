#include "cli/corpus.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/command.hpp"

namespace cli {

namespace {

bool ends_with(const std::string& s, const std::string& end) {
  return s.size() >= end.size() && s.compare(s.size() - end.size(), end.size(), end) == 0;
}

std::string read_all(int descriptor) {
  std::string text;
  char block[1 << 16];
  for (;;) {
    const ssize_t n = read(descriptor, block, sizeof block);
    if (n > 0) text.append(block, static_cast<std::size_t>(n));
    if (n == 0) return text;
    if (n < 0 && errno != EINTR) throw Failure(std::string("cannot read from xz: ") + std::strerror(errno));
  }
}

// No shell between us and xz: a path may hold any character.
std::string read_xz(const std::string& path) {
  int ends[2];
  if (pipe(ends) != 0) throw Failure(std::string("cannot start xz: ") + std::strerror(errno));
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execlp("xz", "xz", "-dc", "--", path.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  close(ends[1]);
  std::string text;
  if (child > 0) text = read_all(ends[0]);
  close(ends[0]);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
    throw Failure("cannot run xz to read " + path + ": install xz-utils, or decompress the file");
  if (WEXITSTATUS(status) != 0) throw Failure("cannot read " + path + ": xz found it damaged");
  return text;
}

}  // namespace

std::string read_corpus(const std::string& path) {
  if (!ends_with(path, ".xz")) return read_text(path);
  if (access(path.c_str(), R_OK) != 0) throw Failure("cannot read " + path + ": " + std::strerror(errno));
  return read_xz(path);
}

std::vector<std::string_view> documents(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t gap = text.find("\n\n", at);
    std::string_view document = text.substr(at, gap == std::string_view::npos ? gap : gap - at);
    at = gap == std::string_view::npos ? text.size() : gap + 2;
    while (!document.empty() && document.front() == '\n') document.remove_prefix(1);
    while (!document.empty() && document.back() == '\n') document.remove_suffix(1);
    if (!document.empty()) out.push_back(document);
  }
  return out;
}

}  // namespace cli
