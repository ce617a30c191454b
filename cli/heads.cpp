// attn heads: what every head of a model looks at, on random repeated sequences and on labelled text.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "attn/analysis/head_scores.hpp"
#include "attn/io/json.hpp"
#include "attn/train/trainer.hpp"
#include "cli/command.hpp"
#include "cli/heads_text.hpp"
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
  CLI::Option* json = nullptr;
  std::string json_file;  // "": standard output
  TextOptions text;
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

void write_json(const HeadsOptions& o, const Json& json) {
  const std::string text = json.dump() + "\n";
  if (o.json_file.empty())
    std::fputs(text.c_str(), stdout);
  else
    write_file(o.json_file, {text.begin(), text.end()});
}

Json to_json(const HeadsOptions& o, const std::vector<HeadScores>& scores, const HeadScores& uniform) {
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
  return out;
}

void print_row(const std::string& name, const HeadScores& s) {
  std::printf("%-8s", name.c_str());
  for (const Column& c : columns) std::printf(" %9.3f", static_cast<double>(s.*c.value));
  std::printf("\n");
}

struct Repeats {
  std::vector<HeadScores> scores;
  HeadScores uniform;
};

Repeats on_repeats(const attn::Model& model, HeadsOptions& o) {
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
  return {attn::head_scores(model, batch), attn::uniform_baseline(batch)};
}

void print_repeats(const HeadsOptions& o, const Repeats& r) {
  std::printf("%td sequences of %td random tokens, repeated once; seed %llu\n", o.batch, o.half,
              static_cast<unsigned long long>(o.seed));
  std::printf("%-8s", "head");
  for (const Column& col : columns) std::printf(" %9s", col.name);
  std::printf("\n");
  for (const HeadScores& s : r.scores)
    print_row("L" + std::to_string(s.layer) + "H" + std::to_string(s.head), s);
  print_row("uniform", r.uniform);
}

void run_heads(HeadsOptions o) {
  const attn::Model model = read_model(o.checkpoint);
  const bool on_text = !o.text.files.empty();
  if (on_text && o.half == 0) o.half = std::min<Index>(64, model.config.context / 2);
  const Repeats repeats = on_repeats(model, o);
  if (!on_text) {
    if (o.json->count()) return write_json(o, to_json(o, repeats.scores, repeats.uniform));
    return print_repeats(o, repeats);
  }
  o.text.seed = o.seed;
  const TextReport report = measure_text(model, o.text);
  if (o.json->count()) {
    Json out = to_json(report);
    out.set("repeats", to_json(o, repeats.scores, repeats.uniform));
    write_json(o, out);
    if (o.json_file.empty()) return;
  }
  print_table(report);
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
  o->json = sub->add_option("--json", o->json_file, "machine-readable output, to a file if one is named")
                ->expected(0, 1);
  sub->add_option("--conllu", o->text.files,
                  "labelled text (CoNLL-U, .xz allowed): roles and relations on it");
  sub->add_option("--tokenizer", o->text.tokenizer,
                  "tokenizer.json of the model; without: letters of the alphabet");
  sub->add_option("--from", o->text.from, "attention from a word: of its last token, or their mean")
      ->check(CLI::IsMember({"last", "mean"}))
      ->capture_default_str();
  sub->add_option("--limit", o->text.limit, "sentences of each file; 0: all")->check(CLI::Range(0, 1 << 30));
  sub->add_option("--ablate", o->text.ablate, "sequences on which every head is taken out in turn; 0: none")
      ->check(CLI::Range(0, 1 << 30));
  sub->add_option("--draws", o->text.draws, "bootstrap draws")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  sub->footer(
      "Columns: mean weight on the previous, current and first token; on earlier copies of the\n"
      "current token (duplicate) and on what followed them (induction, Olsson et al. 2022);\n"
      "row entropy in nats and as a share of the uniform row's; mean distance in tokens.\n"
      "The last row is what uniform causal attention scores on the same sequences.\n\n"
      "With --conllu: the same on text, and whether a head finds a word's partner (subject, adjective,\n"
      "preposition, object, antecedent) from the later word to the earlier one. The head is chosen on\n"
      "half of the sentences and reported on the other half (95 % interval over sentences) beside the\n"
      "best fixed offset, the nearest word of the right part of speech, an untrained model and chance.\n\n"
      "Examples: attn heads repeat.safetensors --seed 7\n"
      "          attn heads model.safetensors --tokenizer tokenizer.json --conllu ud.conllu.xz --json "
      "out.json");
  sub->callback([o] { run_heads(*o); });
}

}  // namespace cli
