// attn info: what is in a safetensors file.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "attn/io/safetensors.hpp"
#include "cli/command.hpp"
#include "cli/hf_folder.hpp"

namespace cli {

namespace {

std::string shape_text(const std::vector<attn::Index>& shape) {
  std::string text = "[";
  for (std::size_t a = 0; a < shape.size(); ++a) text += (a ? ", " : "") + std::to_string(shape[a]);
  return text + "]";
}

// "mean +1.2e-02  std 1.1e-01  min ...": of the finite elements, and how many are not.
std::string statistics(const attn::io::TensorEntry& e) {
  const auto t = attn::io::to_tensor(e);
  if (!t.ok()) return "";
  double sum = 0, squares = 0, low = 0, high = 0;
  std::size_t n = 0, odd = 0;
  for (const attn::Real v : t->data) {
    if (!std::isfinite(v)) {
      ++odd;
      continue;
    }
    const double x = v;
    low = n ? std::fmin(low, x) : x;
    high = n ? std::fmax(high, x) : x;
    sum += x, squares += x * x, ++n;
  }
  char text[160] = "";
  if (n) {
    const double mean = sum / static_cast<double>(n);
    const double variance = squares / static_cast<double>(n) - mean * mean;
    std::snprintf(text, sizeof text, "mean %+.2e  std %.2e  min %+.2e  max %+.2e", mean,
                  std::sqrt(std::fmax(variance, 0)), low, high);
  }
  std::string out = text;
  if (odd) out += (out.empty() ? "" : "  ") + std::to_string(odd) + " NOT FINITE";
  return out;
}

double megabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

// What a Hugging Face folder holds and what it takes to run it, without reading the weights.
void folder_info(const std::string& path) {
  HfFolder folder(path);
  const attn::HfLoader& loader = folder.loader();
  const attn::ModelConfig& c = loader.config().model;
  std::printf("%s: %s, %td layers x %td heads of width %td, width %td, vocabulary %td, context %td\n",
              path.c_str(), loader.config().model_type.c_str(), c.layers, c.heads, c.resolved_head_width(),
              c.width, c.vocab, c.context);
  std::printf("  %.1f million parameters, stored as %s: %.1f MB in memory\n",
              static_cast<double>(loader.parameter_count()) / 1e6, loader.dtypes().c_str(),
              megabytes(loader.weight_bytes()));
  for (attn::Index tokens : {64, 512})
    if (tokens <= c.context)
      std::printf("  a run over %td tokens with the attention of every layer: %.1f MB more\n", tokens,
                  megabytes(attn::run_bytes(c, tokens)));
}

void run_info(const std::string& path) {
  if (std::filesystem::is_directory(path)) return folder_info(path);
  const std::vector<std::uint8_t> bytes = read_file(path);
  const auto file = need(attn::io::SafeTensors::parse(bytes.data(), bytes.size()), path);
  std::size_t name_width = 4, shape_width = 5;
  std::uint64_t elements = 0;
  for (const auto& e : file.entries()) {
    name_width = std::max(name_width, e.name.size());
    shape_width = std::max(shape_width, shape_text(e.shape).size());
    elements += e.size / attn::io::bytes_of(e.dtype);
  }
  std::printf("%s: %zu tensors, %" PRIu64 " elements, %zu bytes\n", path.c_str(), file.entries().size(),
              elements, bytes.size());
  for (const auto& e : file.entries())
    std::printf("  %-*s  %-4s  %-*s  %s\n", static_cast<int>(name_width), e.name.c_str(),
                attn::io::to_string(e.dtype), static_cast<int>(shape_width), shape_text(e.shape).c_str(),
                statistics(e).c_str());
  for (const auto& pair : file.metadata())
    std::printf("  %s = %s\n", pair.first.c_str(), pair.second.c_str());
}

}  // namespace

void add_info(CLI::App& app) {
  CLI::App* sub =
      app.add_subcommand("info", "list what is in a safetensors file, or what a Hugging Face folder needs");
  const auto path = std::make_shared<std::string>();
  sub->add_option("FILE", *path, "safetensors file or Hugging Face folder")->required();
  sub->callback([path] { run_info(*path); });
}

}  // namespace cli
