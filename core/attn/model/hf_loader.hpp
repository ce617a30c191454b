// A model from a Hugging Face folder, read piece by piece: the loader says which bytes of which file it wants
// next, the caller, who owns the files, gives them. Weights in sixteen bits stay so; nothing is held twice.
//
//   HfLoader loader = HfLoader::plan(config, files);     // checks every tensor; takes no memory yet
//   loader.allocate();
//   while (auto r = loader.next()) loader.give(read r.size bytes at r.offset of file r.file);
//   Model model = loader.finish();
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attn/io/safetensors.hpp"
#include "attn/model/hf_tensors.hpp"
#include "attn/model/transformer.hpp"

namespace attn {

struct HfFile {
  std::string name;
  io::SafeTensors header;  // parse_header
};

class HfLoader {
 public:
  struct Read {
    std::size_t file = 0;
    std::uint64_t offset = 0;
    std::size_t size = 0;
  };

  // What is missing, of another shape or type, or no part of such a model is said by name.
  static Result<HfLoader> plan(HfConfig config, const std::vector<HfFile>& files);

  const HfConfig& config() const { return config_; }
  std::uint64_t parameter_count() const { return count_; }
  std::uint64_t weight_bytes() const { return bytes_; }  // in memory
  std::uint64_t bytes_to_read() const;
  std::string dtypes() const;  // "BF16", "BF16 and F32"

  void allocate();
  std::optional<Read> next() const;
  Status give(const std::uint8_t* bytes, std::size_t size);  // exactly what next() asked for
  Model finish();                                            // once next() has nothing more

 private:
  struct Source {
    HfTensor tensor;
    std::size_t file;
    std::uint64_t offset;
    io::DType dtype;
    std::uint64_t elements() const { return static_cast<std::uint64_t>(tensor.rows() * tensor.cols()); }
  };
  struct Bytes;

  bool place_all(const Source& source, const Bytes& bytes);

  HfConfig config_;
  std::vector<Source> sources_;    // in the order of the files
  std::vector<Storage> storages_;  // by row of the parameter table
  std::uint64_t count_ = 0, bytes_ = 0;
  Model model_;
  std::size_t at_ = 0;      // the source being read,
  std::uint64_t done_ = 0;  // and its elements that are in place
};

// Memory of one pass over T tokens beside the weights, when the attention of all layers is kept.
std::uint64_t run_bytes(const ModelConfig& config, Index tokens);

}  // namespace attn
