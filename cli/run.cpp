// attn run: a Hugging Face model on token ids: logits and the attention of every layer.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "attn/io/safetensors.hpp"
#include "cli/command.hpp"
#include "cli/hf_folder.hpp"

namespace cli {

namespace {

using attn::Index;
using attn::TokenId;

struct RunOptions {
  std::string folder, output;
  std::vector<TokenId> ids, types;
  int length = 0;
};

attn::TokenBatch batch_of(const RunOptions& o, const attn::ModelConfig& config) {
  attn::TokenBatch batch;
  batch.tokens = o.ids;
  batch.batch = 1;
  batch.length = static_cast<Index>(o.ids.size());
  batch.types = o.types;
  if (!o.types.empty() && !config.token_types) throw Failure(usage, "--types: this model has no token types");
  if (batch.types.empty() && config.token_types) batch.types.assign(o.ids.size(), 0);
  if (o.length > 0) batch.lengths = {o.length};
  need(attn::check_tokens(config, batch), "--ids");
  return batch;
}

// Without the axis of the batch, which is 1.
attn::ConstView first(attn::ConstView v) { return v.sub(0); }

void run_model(const RunOptions& o) {
  HfFolder folder(o.folder);
  const attn::TokenBatch batch = batch_of(o, folder.loader().config().model);  // before the weights are read
  const attn::Model model = folder.load();
  attn::io::Writer out;
  attn::Hooks hooks;
  std::vector<attn::Hooks::Scope> scopes;
  for (Index l = 0; l < model.config.layers; ++l)
    scopes.push_back(
        hooks.observe({attn::Site::pattern, static_cast<int>(l)}, [&](attn::HookPoint at, attn::ConstView p) {
          out.add("attn." + std::to_string(at.layer), first(p));  // [H, T, T]
        }));
  attn::Tape tape(attn::Tape::Mode::inference);
  attn::ForwardOptions options;
  options.hooks = &hooks;
  const attn::ConstView result = tape.value(attn::forward(tape, model, batch, options));
  const char* name = model.config.unembed ? "logits" : "last_hidden_state";
  out.add(name, first(result));  // [T, V] or [T, D]
  write_file(o.output, out.finish());
  std::printf("%s: %s %s, attn.0 to attn.%td [%td, %td, %td]\n", o.output.c_str(), name,
              attn::to_string(first(result).shape).c_str(), model.config.layers - 1, model.config.heads,
              batch.length, batch.length);
}

}  // namespace

void add_run(CLI::App& app) {
  CLI::App* sub = app.add_subcommand("run", "run a Hugging Face model on token ids");
  const auto o = std::make_shared<RunOptions>();
  sub->add_option("DIR", o->folder, "folder with config.json and model.safetensors (or its index and shards)")
      ->required();
  sub->add_option("--ids", o->ids, "token ids, separated by commas")->required()->delimiter(',');
  sub->add_option("--types", o->types, "token types of BERT, one per id (default: all 0)")->delimiter(',');
  sub->add_option("--length", o->length, "how many ids are text; the rest is padding that nobody attends to")
      ->check(CLI::PositiveNumber);
  sub->add_option("--out", o->output, "safetensors file to write")->required();
  sub->footer(
      "Families: GPT-2, LLaMA, Mistral, Qwen2, Qwen3, BERT; weights F32, F16 or BF16, kept as stored.\n"
      "Tensors out: logits [T, V] (or last_hidden_state [T, D]), attn.LAYER [H, T, T]\n\n"
      "Example: attn run gpt2 --ids 464,3290,318 --out out.safetensors");
  sub->callback([o] { run_model(*o); });
}

}  // namespace cli
