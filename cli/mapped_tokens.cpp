#include "cli/mapped_tokens.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "attn/io/json.hpp"
#include "cli/command.hpp"

namespace cli {

static_assert(std::endian::native == std::endian::little, "token files are mapped as they are");

MappedTokens::MappedTokens(const std::string& path) : path_(path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw Failure("cannot read " + path + ": " + std::strerror(errno));
  struct stat info {};
  const bool regular = fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  bytes_ = regular ? static_cast<std::size_t>(info.st_size) : 0;
  if (regular && bytes_ >= 2) memory_ = mmap(nullptr, bytes_, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  if (!regular) throw Failure(path + " is not a file");
  if (bytes_ < 2 || bytes_ % 2)
    throw Failure(path + ": " + std::to_string(bytes_) + " bytes are not a whole number of 16-bit tokens");
  if (memory_ == MAP_FAILED) {
    memory_ = nullptr;
    throw Failure("cannot map " + path + ": " + std::strerror(errno));
  }
  count_ = static_cast<attn::Index>(bytes_ / 2);
  read_sidecar();
}

MappedTokens::~MappedTokens() {
  if (memory_) munmap(memory_, bytes_);
}

void MappedTokens::read_sidecar() {
  const std::string path = std::filesystem::path(path_).replace_extension(".json").string();
  if (!std::filesystem::is_regular_file(path)) return;
  const attn::io::Json root = need(attn::io::Json::parse(read_text(path)), path);
  if (!root.is(attn::io::Json::Type::object)) throw Failure(path + ": must be a JSON object");
  const attn::io::Json* tokens = root.find("tokens");
  if (!tokens || !tokens->is_integer() || tokens->number() != static_cast<double>(count_))
    throw Failure(path + ": \"tokens\" must be the " + std::to_string(count_) + " of " + path_);
  const auto known = [&root](const char* key) {
    const attn::io::Json* value = root.find(key);
    return value && value->is_integer() && value->number() > 0 ? value->number() : 0.0;
  };
  characters_ = known("characters");
  vocab_ = static_cast<attn::Index>(known("vocab"));
}

double MappedTokens::bits_per_character(double loss) const {
  return characters_ > 0 ? loss / std::log(2.0) * static_cast<double>(count_) / characters_ : std::nan("");
}

}  // namespace cli
