#include "cli/hf_folder.hpp"

#include <sys/types.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/command.hpp"

namespace cli {

namespace {

namespace fs = std::filesystem;

// The files that hold the weights: a single one, or those that the index names.
std::vector<std::string> weight_files(const std::string& path) {
  if (fs::exists(path + "/model.safetensors")) return {"model.safetensors"};
  const std::string index = path + "/model.safetensors.index.json";
  if (fs::exists(index)) return need(attn::hf_shards(read_text(index)), path);
  throw Failure(path + ": there is neither model.safetensors nor model.safetensors.index.json" +
                (fs::exists(path + "/pytorch_model.bin")
                     ? std::string("; pytorch_model.bin is not read: convert it to safetensors")
                     : std::string()));
}

}  // namespace

HfFolder::HfFolder(const std::string& path) : path_(path) {
  if (!fs::is_directory(path))
    throw Failure(path + ": a folder with config.json and *.safetensors is expected");
  if (!fs::exists(path + "/config.json")) throw Failure(path + ": there is no config.json");
  const attn::HfConfig config = need(attn::hf_config(read_text(path + "/config.json")), path);
  std::vector<attn::HfFile> headers;
  for (const std::string& name : weight_files(path)) headers.push_back(open(name));
  loader_ = std::make_unique<attn::HfLoader>(need(attn::HfLoader::plan(config, headers), path));
}

attn::HfFile HfFolder::open(const std::string& name) {
  const std::string path = path_ + "/" + name;
  if (!fs::exists(path)) throw Failure(path + ": this file of the index is missing; the model is incomplete");
  if (!fs::is_regular_file(path)) throw Failure(path + ": not a file");
  std::FILE* handle = std::fopen(path.c_str(), "rb");
  if (!handle) throw Failure("cannot read " + path + ": " + std::strerror(errno));
  files_.push_back({path, std::unique_ptr<std::FILE, Close>(handle)});
  const std::uint64_t size = fs::file_size(path);
  const std::size_t file = files_.size() - 1;
  const std::vector<std::uint8_t> prefix = read(file, 0, size < 8 ? static_cast<std::size_t>(size) : 8);
  const std::size_t end = need(attn::io::SafeTensors::header_bytes(prefix.data(), prefix.size(), size), path);
  const std::vector<std::uint8_t> header = read(file, 0, end);
  return {name, need(attn::io::SafeTensors::parse_header(header.data(), header.size(), size), path)};
}

std::vector<std::uint8_t> HfFolder::read(std::size_t file, std::uint64_t offset, std::size_t size) {
  const Open& f = files_[file];
  std::vector<std::uint8_t> bytes(size);
  if (fseeko(f.handle.get(), static_cast<off_t>(offset), SEEK_SET) != 0 ||
      std::fread(bytes.data(), 1, size, f.handle.get()) != size)
    throw Failure("cannot read " + f.path + ": " +
                  (std::ferror(f.handle.get()) ? std::strerror(errno) : "it became shorter"));
  return bytes;
}

attn::Model HfFolder::load() {
  loader_->allocate();
  while (const auto r = loader_->next()) {
    const std::vector<std::uint8_t> bytes = read(r->file, r->offset, r->size);
    need(loader_->give(bytes.data(), bytes.size()), files_[r->file].path);
  }
  return loader_->finish();
}

}  // namespace cli
