// attn generate: continues a prompt.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "attn/model/transformer.hpp"
#include "cli/alphabet.hpp"
#include "cli/command.hpp"
#include "cli/model_file.hpp"

namespace cli {

namespace {

struct GenerateOptions {
  std::string checkpoint, prompt, tokens;
  attn::Index count = 16, top_k = 0;
  double temperature = 0, top_p = 1;
  std::uint64_t seed = 1;
};

void run_generate(const GenerateOptions& o) {
  const attn::Model model = read_model(o.checkpoint);
  const bool letters = o.tokens.empty();
  if (letters && model.config.vocab > alphabet_size)
    throw Failure(usage, "the model's vocabulary of " + std::to_string(model.config.vocab) +
                             " is more than the 32 letters; give --tokens 3,1,4 instead of --prompt");
  const std::vector<attn::TokenId> prompt =
      letters ? letters_to_tokens(o.prompt) : numbers_to_tokens(o.tokens);
  if (prompt.empty()) throw Failure(usage, "the prompt is empty; give --prompt or --tokens");
  if (model.config.kind != attn::Kind::decoder || !model.config.unembed)
    throw Failure(o.checkpoint + ": only a decoder with an unembedding continues a text");
  attn::TokenBatch batch{prompt, 1, static_cast<attn::Index>(prompt.size()), {}, {}};
  if (model.config.token_types) batch.types.assign(prompt.size(), 0);
  need(attn::check_tokens(model.config, batch), o.checkpoint);

  attn::SamplingOptions sampling;
  sampling.temperature = static_cast<attn::Real>(o.temperature);
  sampling.top_k = o.top_k;
  sampling.top_p = static_cast<attn::Real>(o.top_p);
  attn::Rng rng(o.seed);
  const std::vector<attn::TokenId> text = attn::generate(model, prompt, o.count, sampling, rng);
  std::printf("%s\n", (letters ? tokens_to_letters(text) : tokens_to_numbers(text)).c_str());
  const auto made = static_cast<attn::Index>(text.size() - prompt.size());
  if (made < o.count)
    std::fprintf(stderr, "attn: stopped after %td of %td tokens: the model's context is %td\n", made, o.count,
                 model.config.context);
}

}  // namespace

void add_generate(CLI::App& app) {
  CLI::App* sub = app.add_subcommand("generate", "continue a string of letters with a trained model");
  const auto o = std::make_shared<GenerateOptions>();
  sub->add_option("CHECKPOINT", o->checkpoint, "model or training snapshot (safetensors)")->required();
  CLI::Option* prompt = sub->add_option("--prompt", o->prompt, "letters of the Russian alphabet");
  sub->add_option("--tokens", o->tokens, "the prompt as token numbers: 3,1,4")->excludes(prompt);
  sub->add_option("--count", o->count, "tokens to add")->check(CLI::Range(0, 1000000))->capture_default_str();
  sub->add_option("--temperature", o->temperature, "0: always the likeliest")
      ->check(CLI::Range(0.0, 1000.0))
      ->capture_default_str();
  sub->add_option("--top-k", o->top_k, "sample among the k likeliest; 0: all")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  sub->add_option("--top-p", o->top_p, "sample within this probability mass")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  sub->add_option("--seed", o->seed, "random seed")->capture_default_str();
  sub->footer("Example: attn generate repeat.safetensors --prompt \u0430\u0431\u0432\u0433\u0434\u0435\u0436\u0437\u0430\u0431\u0432 --count 5");
  sub->callback([o] { run_generate(*o); });
}

}  // namespace cli
