// A Hugging Face folder on disk: config.json beside model.safetensors, or beside an index and its shards.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "attn/model/hf_loader.hpp"

namespace cli {

class HfFolder {
 public:
  explicit HfFolder(const std::string& path);  // reads the headers; a Failure that says what is wrong

  attn::HfLoader& loader() { return *loader_; }
  attn::Model load();

 private:
  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  struct Open {
    std::string path;
    std::unique_ptr<std::FILE, Close> handle;
  };
  attn::HfFile open(const std::string& name);
  std::vector<std::uint8_t> read(std::size_t file, std::uint64_t offset, std::size_t size);

  std::string path_;
  std::vector<Open> files_;
  std::unique_ptr<attn::HfLoader> loader_;
};

}  // namespace cli
