// attn generate: continues a prompt.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "attn/model/transformer.hpp"
#include "attn/text/stream_decoder.hpp"
#include "attn/text/tokenizer.hpp"
#include "cli/alphabet.hpp"
#include "cli/command.hpp"
#include "cli/model_file.hpp"

namespace cli {

namespace {

struct GenerateOptions {
  std::string checkpoint, prompt, tokens, tokenizer;
  attn::Index count = 16, top_k = 0;
  double temperature = 0, top_p = 1;
  std::uint64_t seed = 1;
  bool speed = false;
};

// Between what a person types and token numbers: a tokenizer, the letters, or the numbers themselves.
class Prompt {
 public:
  Prompt(const GenerateOptions& o, const attn::ModelConfig& model) : numbers_(!o.tokens.empty()) {
    if (numbers_) {
      tokens_ = numbers_to_tokens(o.tokens);
    } else if (model.vocab <= alphabet_size && o.tokenizer.empty()) {
      tokens_ = letters_to_tokens(o.prompt);
    } else {
      read_tokenizer(o, model);
      // As in training: the separator stands before every text.
      tokens_ = {attn::text::Tokenizer::separator};
      for (const attn::TokenId t : tokenizer_->encode(fold_yo(o.prompt))) tokens_.push_back(t);
    }
    if (tokens_.empty()) throw Failure(usage, "the prompt is empty; give --prompt or --tokens");
  }
  const std::vector<attn::TokenId>& tokens() const { return tokens_; }
  std::string show(const std::vector<attn::TokenId>& text) const {
    if (tokenizer_) return readable(text);
    return numbers_ ? tokens_to_numbers(text) : tokens_to_letters(text);
  }

 private:
  // Half a character, which a young model may well write, is shown as U+FFFD.
  std::string readable(const std::vector<attn::TokenId>& text) const {
    attn::text::StreamDecoder decoder(*tokenizer_);
    std::string out;
    for (const attn::TokenId token : text) out += decoder.push(token);
    return out + decoder.finish();
  }
  void read_tokenizer(const GenerateOptions& o, const attn::ModelConfig& model) {
    const std::string beside =
        (std::filesystem::path(o.checkpoint).parent_path() / "tokenizer.json").string();
    const std::string path = o.tokenizer.empty() ? beside : o.tokenizer;
    if (o.tokenizer.empty() && !std::filesystem::exists(path))
      throw Failure(usage, "the model's vocabulary of " + std::to_string(model.vocab) +
                               " is more than the 32 letters and there is no " + path +
                               "; give --tokenizer FILE, or --tokens 3,1,4 instead of --prompt");
    tokenizer_ = need(attn::text::Tokenizer::parse(read_text(path)), path);
    if (tokenizer_->vocab() != model.vocab)
      throw Failure(path + ": " + std::to_string(tokenizer_->vocab()) +
                    " tokens, the model's vocabulary is " + std::to_string(model.vocab));
  }

  bool numbers_;
  std::vector<attn::TokenId> tokens_;
  std::optional<attn::text::Tokenizer> tokenizer_;
};

void run_generate(const GenerateOptions& o) {
  const attn::Model model = read_model(o.checkpoint);
  const Prompt prompt(o, model.config);
  if (model.config.kind != attn::Kind::decoder || !model.config.unembed)
    throw Failure(o.checkpoint + ": only a decoder with an unembedding continues a text");
  const auto length = static_cast<attn::Index>(prompt.tokens().size());
  attn::TokenBatch batch{prompt.tokens(), 1, length, {}, {}};
  if (model.config.token_types) batch.types.assign(prompt.tokens().size(), 0);
  need(attn::check_tokens(model.config, batch), o.checkpoint);

  attn::SamplingOptions sampling;
  sampling.temperature = static_cast<attn::Real>(o.temperature);
  sampling.top_k = o.top_k;
  sampling.top_p = static_cast<attn::Real>(o.top_p);
  attn::Rng rng(o.seed);
  const auto start = std::chrono::steady_clock::now();
  const std::vector<attn::TokenId> text = attn::generate(model, prompt.tokens(), o.count, sampling, rng);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  std::printf("%s\n", prompt.show(text).c_str());
  const auto made = static_cast<attn::Index>(text.size()) - length;
  if (o.speed)
    std::fprintf(stderr, "attn: %td tokens in %.3f s, %.0f tokens/s, after a prompt of %td\n", made,
                 taken.count(), static_cast<double>(made) / taken.count(), length);
  if (made < o.count)
    std::fprintf(stderr, "attn: stopped after %td of %td tokens: the model's context is %td\n", made, o.count,
                 model.config.context);
}

}  // namespace

void add_generate(CLI::App& app) {
  CLI::App* sub = app.add_subcommand("generate", "continue a text with a trained model");
  const auto o = std::make_shared<GenerateOptions>();
  sub->add_option("CHECKPOINT", o->checkpoint, "model or training snapshot (safetensors)")->required();
  CLI::Option* prompt = sub->add_option("--prompt", o->prompt,
                                        "a text; for a vocabulary of 32, letters of the Russian alphabet");
  sub->add_option("--tokens", o->tokens, "the prompt as token numbers: 3,1,4")->excludes(prompt);
  sub->add_option("--tokenizer", o->tokenizer, "tokenizer.json; default: the one beside the model")
      ->excludes("--tokens");
  sub->add_flag("--speed", o->speed, "say how many tokens a second");
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
  sub->footer(
      "Example: attn generate repeat.safetensors --prompt "
      "\u0430\u0431\u0432\u0433\u0434\u0435\u0436\u0437\u0430\u0431\u0432 --count 5");
  sub->callback([o] { run_generate(*o); });
}

}  // namespace cli
