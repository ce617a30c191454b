// attn snapshots: checkpoints along training as one small file, and one of them back as a model.
#include "attn/model/snapshots.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>

#include "attn/analysis/head_scores.hpp"
#include "attn/model/checkpoint.hpp"
#include "attn/train/trainer.hpp"
#include "cli/command.hpp"
#include "cli/model_file.hpp"

namespace cli {

namespace {

using attn::HeadScores;
using attn::Index;
using attn::Real;

struct SnapshotOptions {
  std::string final_model, file, out;
  std::vector<std::string> checkpoints;
  std::uint64_t seed = 1;
  std::size_t bytes = 3000000, number = 0;
  double coarseness = 0;
};

std::uint64_t step_of(const std::string& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  const auto file = need(attn::io::SafeTensors::parse(bytes.data(), bytes.size()), path);
  const auto found = file.metadata().find("attn.steps");
  if (found == file.metadata().end())
    throw Failure(path + ": its metadata does not say after how many steps it was kept");
  std::uint64_t step = 0;
  const char *first = found->second.data(), *last = first + found->second.size();
  const auto parsed = std::from_chars(first, last, step);
  if (parsed.ec != std::errc() || parsed.ptr != last)
    throw Failure(path + ": \"attn.steps\" in its metadata is \"" + found->second +
                  "\", not a number of steps");
  return step;
}

// The finest steps whose file has at most so many bytes: the size falls as the coarseness grows.
std::vector<std::uint8_t> fitted(const std::vector<attn::Snapshot>& snapshots, const attn::Model& last,
                                 const SnapshotOptions& o, double& coarseness) {
  double low = std::log(0.01), high = std::log(8.0);
  std::vector<std::uint8_t> best;
  for (int i = 0; i < 9; ++i) {
    const double middle = (low + high) / 2;
    auto file =
        need(attn::save_snapshots(snapshots, o.seed, last, static_cast<Real>(std::exp(middle))), o.out);
    std::fprintf(stderr, "coarseness %.3f: %zu bytes\n", std::exp(middle), file.size());
    if (file.size() > o.bytes) {
      low = middle;
      continue;
    }
    high = middle;
    coarseness = std::exp(middle);
    best = std::move(file);
  }
  if (best.empty())
    throw Failure("no coarseness makes a file of " + std::to_string(o.bytes) +
                  " bytes: keep fewer checkpoints");
  return best;
}

struct Difference {
  double largest = 0, mean = 0;
};

// Of the scores of all heads, each between 0 and 1, on random repeats: how far the reconstruction is off.
Difference compare(const attn::Model& made, const attn::Model& truth) {
  attn::Rng rng = attn::stream(1, attn::Stream::probe);
  const Index half = std::min<Index>(64, truth.config.context / 2);
  const attn::TokenBatch batch = attn::random_repeat_batch(truth.config.vocab, 8, half, rng);
  const auto a = attn::head_scores(made, batch), b = attn::head_scores(truth, batch);
  Difference d;
  std::size_t n = 0;
  for (std::size_t h = 0; h < a.size(); ++h)
    for (const auto score : {&HeadScores::previous, &HeadScores::current, &HeadScores::first,
                             &HeadScores::duplicate, &HeadScores::induction}) {
      const double off = std::fabs(static_cast<double>(a[h].*score) - static_cast<double>(b[h].*score));
      d.largest = std::max(d.largest, off);
      d.mean += off;
      ++n;
    }
  d.mean /= static_cast<double>(std::max<std::size_t>(1, n));
  return d;
}

void report(const std::vector<std::uint8_t>& bytes, const std::vector<attn::Snapshot>& snapshots,
            const attn::Model& last, const std::string& path) {
  const attn::SnapshotFile file = need(attn::SnapshotFile::parse(bytes.data(), bytes.size()), path);
  std::printf("%8s %14s %22s %22s\n", "step", "weight error", "head scores: largest", "mean difference");
  for (std::size_t k = 0; k < snapshots.size(); ++k) {
    const attn::Model made = need(file.load(k, last), path);
    const attn::ConstView a = made.parameters.flat(), b = snapshots[k].model.parameters.flat();
    double off = 0, all = 0;
    for (Index i = 0; i < a.size(); ++i) {
      off += std::pow(static_cast<double>(a.data[i]) - static_cast<double>(b.data[i]), 2);
      all += std::pow(static_cast<double>(b.data[i]), 2);
    }
    const Difference d = compare(made, snapshots[k].model);
    std::printf("%8llu %13.1f%% %22.4f %22.4f\n", static_cast<unsigned long long>(snapshots[k].step),
                100 * std::sqrt(off / all), d.largest, d.mean);
  }
}

void run_pack(const SnapshotOptions& o) {
  const attn::Model last = read_model(o.final_model);
  std::vector<attn::Snapshot> snapshots;
  for (const std::string& path : o.checkpoints) snapshots.push_back({step_of(path), read_model(path)});
  std::sort(snapshots.begin(), snapshots.end(),
            [](const attn::Snapshot& a, const attn::Snapshot& b) { return a.step < b.step; });
  double coarseness = o.coarseness;
  const std::vector<std::uint8_t> bytes =
      coarseness > 0
          ? need(attn::save_snapshots(snapshots, o.seed, last, static_cast<Real>(coarseness)), o.out)
          : fitted(snapshots, last, o, coarseness);
  write_file(o.out, bytes);
  std::printf("%zu snapshots, %zu bytes, coarseness %.3f -> %s\n", snapshots.size(), bytes.size(), coarseness,
              o.out.c_str());
  report(bytes, snapshots, last, o.out);
}

void run_unpack(const SnapshotOptions& o) {
  const attn::Model last = read_model(o.final_model);
  const std::vector<std::uint8_t> bytes = read_file(o.file);
  const attn::SnapshotFile file = need(attn::SnapshotFile::parse(bytes.data(), bytes.size()), o.file);
  const attn::Model made = need(file.load(o.number, last), o.file);
  write_file(o.out, attn::save_model(made, {{"attn.steps", std::to_string(file.steps()[o.number])}}));
}

}  // namespace

void add_snapshots(CLI::App& app) {
  const auto o = std::make_shared<SnapshotOptions>();
  CLI::App* sub = app.add_subcommand("snapshots", "checkpoints along training as one small file");
  sub->require_subcommand(1);
  CLI::App* pack =
      sub->add_subcommand("pack", "checkpoints -> a file of differences; reports what they lose");
  pack->add_option("FINAL", o->final_model, "the model that is shipped beside the file")->required();
  pack->add_option("CHECKPOINTS", o->checkpoints, "kept by `attn train lm --keep`; the first at step 0")
      ->required();
  pack->add_option("--out", o->out, "where to write it")->required();
  pack->add_option("--seed", o->seed, "of the initialisation")->capture_default_str();
  pack->add_option("--bytes", o->bytes, "of the whole file, at most")->capture_default_str();
  pack->add_option("--coarseness", o->coarseness,
                   "step of a weight over the matrix's rms, instead of --bytes");
  pack->callback([o] { run_pack(*o); });
  CLI::App* unpack = sub->add_subcommand("unpack", "one snapshot -> a model");
  unpack->add_option("FINAL", o->final_model, "the model that is shipped beside the file")->required();
  unpack->add_option("FILE", o->file, "made by `attn snapshots pack`")->required();
  unpack->add_option("NUMBER", o->number, "from 0")->required();
  unpack->add_option("OUT", o->out, "where to write it")->required();
  unpack->callback([o] { run_unpack(*o); });
  sub->footer(
      "Example: attn snapshots pack model.safetensors ckpt-0.safetensors ckpt-64.safetensors --out "
      "snapshots.safetensors");
}

}  // namespace cli
