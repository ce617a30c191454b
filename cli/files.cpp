#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "cli/command.hpp"

namespace cli {

namespace {

namespace fs = std::filesystem;

struct File {
  std::FILE* handle;
  File(const std::string& path, const char* mode) : handle(std::fopen(path.c_str(), mode)) {}
  ~File() {
    if (handle) std::fclose(handle);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
};

std::string reason() { return std::strerror(errno); }

void write_all(const std::string& path, const std::vector<std::uint8_t>& bytes) {
  File file(path, "wb");
  if (!file.handle) throw Failure("cannot write " + path + ": " + reason());
  const bool written =
      bytes.empty() || std::fwrite(bytes.data(), 1, bytes.size(), file.handle) == bytes.size();
  if (!written || std::fflush(file.handle) != 0 ||
      (fs::is_regular_file(path) && fsync(fileno(file.handle)) != 0))
    throw Failure("cannot write " + path + ": " + reason());
}

}  // namespace

std::vector<std::uint8_t> read_file(const std::string& path) {
  if (fs::is_directory(path)) throw Failure("cannot read " + path + ": it is a directory");
  File file(path, "rb");
  if (!file.handle) throw Failure("cannot read " + path + ": " + reason());
  std::vector<std::uint8_t> bytes;
  std::uint8_t block[1 << 16];
  std::size_t n = 0;
  while ((n = std::fread(block, 1, sizeof block, file.handle)) > 0)
    bytes.insert(bytes.end(), block, block + n);
  if (std::ferror(file.handle)) throw Failure("cannot read " + path + ": " + reason());
  return bytes;
}

std::string read_text(const std::string& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

void write_file(const std::string& path, const std::vector<std::uint8_t>& bytes) {
  // A pipe or a device cannot be renamed over.
  if (fs::exists(path) && !fs::is_regular_file(path)) {
    if (fs::is_directory(path)) throw Failure("cannot write " + path + ": it is a directory");
    return write_all(path, bytes);
  }
  const std::string temporary = path + ".tmp-" + std::to_string(getpid());
  try {
    write_all(temporary, bytes);
    std::error_code error;
    fs::rename(temporary, path, error);
    if (error) throw Failure("cannot write " + path + ": " + error.message());
  } catch (...) {
    std::remove(temporary.c_str());
    throw;
  }
}

}  // namespace cli
