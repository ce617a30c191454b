// attn heads: what every head of a model looks at, on random repeated sequences.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "attn/analysis/head_scores.hpp"
#include "attn/io/json.hpp"
#include "attn/train/trainer.hpp"
#include "cli/command.hpp"
#include "cli/model_file.hpp"

namespace cli {

namespace {

using attn::HeadScores;
using attn::Index;
using attn::io::Json;

struct HeadsOptions {
  std::string checkpoint;
  Index batch = 32, half = 0;
  std::uint64_t seed = 1;
  bool json = false;
};

struct Column {
  const char* name;
  attn::Real HeadScores::*value;
};
constexpr Column columns[] = {{"previous", &HeadScores::previous},   {"current", &HeadScores::current},
                              {"first", &HeadScores::first},         {"duplicate", &HeadScores::duplicate},
                              {"induction", &HeadScores::induction}, {"entropy", &HeadScores::entropy},
                              {"ratio", &HeadScores::entropy_ratio}, {"distance", &HeadScores::distance}};

Json to_json(const HeadScores& s) {
  Json j = Json::object();
  for (const Column& c : columns) j.set(c.name, Json::of(static_cast<double>(s.*c.value)));
  return j;
}

void print_json(const HeadsOptions& o, const std::vector<HeadScores>& scores, const HeadScores& uniform) {
  Json heads = Json::array(), out = Json::object();
  for (const HeadScores& s : scores) {
    Json j = Json::object();
    j.set("layer", Json::of(static_cast<double>(s.layer)));
    j.set("head", Json::of(static_cast<double>(s.head)));
    j.set("scores", to_json(s));
    heads.push(std::move(j));
  }
  out.set("batch", Json::of(static_cast<double>(o.batch)));
  out.set("half", Json::of(static_cast<double>(o.half)));
  out.set("seed", Json::of(static_cast<double>(o.seed)));
  out.set("heads", std::move(heads));
  out.set("uniform", to_json(uniform));
  std::printf("%s\n", out.dump().c_str());
}

void print_row(const std::string& name, const HeadScores& s) {
  std::printf("%-8s", name.c_str());
  for (const Column& c : columns) std::printf(" %9.3f", static_cast<double>(s.*c.value));
  std::printf("\n");
}

void run_heads(HeadsOptions o) {
  const attn::Model model = read_model(o.checkpoint);
  const attn::ModelConfig& c = model.config;
  if (o.half == 0) o.half = c.context / 2;
  if (o.half < 1 || 2 * o.half > c.context)
    throw Failure(usage, "--half " + std::to_string(o.half) +
                             ": two halves must fit the model's context of " + std::to_string(c.context));
  // Patterns of all layers are held at once.
  const double scores_held = double(o.batch) * double(c.layers * c.heads) * double(4 * o.half * o.half);
  if (scores_held > 5e8) throw Failure(usage, "--batch and --half ask for too much memory; lower them");
  attn::Rng rng = attn::stream(o.seed, attn::Stream::probe);
  attn::TokenBatch batch = attn::random_repeat_batch(c.vocab, o.batch, o.half, rng);
  if (c.token_types) batch.types.assign(batch.tokens.size(), 0);
  const std::vector<HeadScores> scores = attn::head_scores(model, batch);
  const HeadScores uniform = attn::uniform_baseline(batch);
  if (o.json) return print_json(o, scores, uniform);

  std::printf("%td sequences of %td random tokens, repeated once; seed %llu\n", o.batch, o.half,
              static_cast<unsigned long long>(o.seed));
  std::printf("%-8s", "head");
  for (const Column& col : columns) std::printf(" %9s", col.name);
  std::printf("\n");
  for (const HeadScores& s : scores)
    print_row("L" + std::to_string(s.layer) + "H" + std::to_string(s.head), s);
  print_row("uniform", uniform);
}

}  // namespace

void add_heads(CLI::App& app) {
  CLI::App* sub = app.add_subcommand("heads", "print what every head of a model attends to");
  const auto o = std::make_shared<HeadsOptions>();
  sub->add_option("CHECKPOINT", o->checkpoint, "model or training snapshot (safetensors)")->required();
  sub->add_option("--batch", o->batch, "sequences")->check(CLI::Range(1, 65536))->capture_default_str();
  sub->add_option("--half", o->half, "length of the repeated part; default: half of the context")
      ->check(CLI::Range(1, 1 << 20));
  sub->add_option("--seed", o->seed, "random seed")->capture_default_str();
  sub->add_flag("--json", o->json, "machine-readable output");
  sub->footer(
      "Columns: mean weight on the previous, current and first token; on earlier copies of the\n"
      "current token (duplicate) and on what followed them (induction, Olsson et al. 2022);\n"
      "row entropy in nats and as a share of the uniform row's; mean distance in tokens.\n"
      "The last row is what uniform causal attention scores on the same sequences.\n\n"
      "Example: attn heads repeat.safetensors --seed 7");
  sub->callback([o] { run_heads(*o); });
}

}  // namespace cli
