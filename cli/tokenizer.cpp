// attn tokenizer: train a vocabulary, encode, decode, pack a corpus into a file of tokens.
#include "attn/text/tokenizer.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "attn/io/json.hpp"
#include "attn/text/bpe_trainer.hpp"
#include "attn/text/stream_decoder.hpp"
#include "cli/alphabet.hpp"
#include "cli/command.hpp"
#include "cli/corpus.hpp"
#include "cli/sha256.hpp"

namespace cli {

namespace {

using attn::TokenId;
using attn::io::Json;
using attn::text::Tokenizer;

struct TokenizerOptions {
  std::vector<std::string> corpus;
  std::string tokenizer = "tokenizer.json", out = "tokenizer.json", text, tokens;
  attn::text::BpeOptions bpe;
};

Tokenizer read_tokenizer(const std::string& path) { return need(Tokenizer::parse(read_text(path)), path); }

std::vector<std::uint8_t> to_bytes(const std::string& s) { return {s.begin(), s.end()}; }

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void run_train(const TokenizerOptions& o) {
  attn::text::BpeTrainer trainer;
  for (const std::string& path : o.corpus) {
    std::fprintf(stderr, "reading %s\n", path.c_str());
    const std::string text = read_corpus(path);
    for (const std::string_view document : documents(text)) trainer.add(document);
  }
  std::fprintf(stderr, "%zu distinct pieces\n", trainer.distinct_pieces());
  const Tokenizer tokenizer = need(trainer.train(o.bpe), "tokenizer");
  write_file(o.out, to_bytes(tokenizer.to_json()));
  std::fprintf(stderr, "%td tokens, %zu merges -> %s\n", tokenizer.vocab(), tokenizer.merges().size(),
               o.out.c_str());
}

std::string read_standard_input() {
  std::string text;
  char block[1 << 16];
  std::size_t n = 0;
  while ((n = std::fread(block, 1, sizeof block, stdin)) > 0) text.append(block, n);
  return text;
}

void run_encode(const TokenizerOptions& o, bool given) {
  const Tokenizer tokenizer = read_tokenizer(o.tokenizer);
  const std::vector<TokenId> tokens = tokenizer.encode(given ? o.text : read_standard_input());
  std::printf("%s\n", tokens_to_numbers(tokens).c_str());
}

void run_decode(const TokenizerOptions& o, bool given) {
  const Tokenizer tokenizer = read_tokenizer(o.tokenizer);
  std::string numbers = given ? o.tokens : read_standard_input();
  while (!numbers.empty() && (numbers.back() == '\n' || numbers.back() == '\r')) numbers.pop_back();
  const std::vector<TokenId> tokens = numbers_to_tokens(numbers);
  for (const TokenId token : tokens)
    if (token < 0 || token >= tokenizer.vocab())
      throw Failure("token " + std::to_string(token) + " is outside the vocabulary of " +
                    std::to_string(tokenizer.vocab()));
  const std::string text = tokenizer.decode(tokens);
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// A stream of documents, each after a separator: NAME.tokens, little-endian uint16, with NAME.json beside it.
void run_pack(const TokenizerOptions& o) {
  const std::string file = read_text(o.tokenizer);
  const Tokenizer tokenizer = need(Tokenizer::parse(file), o.tokenizer);
  attn::text::Encoder encoder(tokenizer);
  std::vector<std::uint8_t> packed;
  std::vector<TokenId> tokens;
  std::size_t bytes = 0, characters = 0, count = 0, by_byte = 0;
  for (const std::string& path : o.corpus) {
    const std::string text = read_corpus(path);
    for (const std::string_view document : documents(text)) {
      tokens.assign(1, Tokenizer::separator);
      encoder.encode(document, tokens);
      for (const TokenId token : tokens) {
        packed.push_back(static_cast<std::uint8_t>(token & 0xFF));
        packed.push_back(static_cast<std::uint8_t>(token >> 8));
        by_byte += tokenizer.is_byte(token);
      }
      bytes += document.size();
      characters += characters_in(document);
      count += 1;
    }
    std::fprintf(stderr, "%s: %zu tokens so far\n", path.c_str(), packed.size() / 2);
  }
  Json side = Json::object();
  side.set("vocab", Json::of(static_cast<double>(tokenizer.vocab())));
  side.set("tokens", Json::of(static_cast<double>(packed.size() / 2)));
  side.set("characters", Json::of(static_cast<double>(characters)));
  side.set("bytes", Json::of(static_cast<double>(bytes)));
  side.set("documents", Json::of(static_cast<double>(count)));
  side.set("byte_tokens", Json::of(static_cast<double>(by_byte)));
  side.set("tokenizer_sha256", Json::of(sha256(file)));
  std::string side_path = o.out;
  if (side_path.size() > 7 && side_path.substr(side_path.size() - 7) == ".tokens")
    side_path.resize(side_path.size() - 7);
  write_file(o.out, packed);
  write_file(side_path + ".json", to_bytes(side.dump() + "\n"));
  std::printf("%s\n", side.dump().c_str());
}

CLI::App* corpus_command(CLI::App* parent, const char* name, const char* about, TokenizerOptions& o) {
  CLI::App* sub = parent->add_subcommand(name, about);
  sub->add_option("CORPUS", o.corpus, "text files, UTF-8, an empty line between documents; .xz too")
      ->required();
  return sub;
}

}  // namespace

void add_tokenizer(CLI::App& app) {
  CLI::App* sub = app.add_subcommand("tokenizer", "byte-pair tokens: train, encode, decode, pack a corpus");
  sub->require_subcommand(1);
  const auto o = std::make_shared<TokenizerOptions>();

  CLI::App* train = corpus_command(sub, "train", "learn a vocabulary from a corpus", *o);
  train->add_option("--vocab", o->bpe.vocab, "tokens in all")
      ->check(CLI::Range(257, 65536))
      ->capture_default_str();
  train->add_option("--min-characters", o->bpe.min_characters, "a rarer character is spelled in bytes")
      ->capture_default_str();
  train->add_option("--out", o->out, "where to write it")->capture_default_str();
  train->callback([o] { run_train(*o); });

  CLI::App* encode = sub->add_subcommand("encode", "text -> token numbers");
  const CLI::Option* text = encode->add_option("TEXT", o->text, "default: standard input");
  CLI::App* decode = sub->add_subcommand("decode", "token numbers -> text");
  const CLI::Option* tokens = decode->add_option("TOKENS", o->tokens, "3,1,4; default: standard input");
  CLI::App* pack = corpus_command(sub, "pack", "a corpus -> NAME.tokens and NAME.json", *o);
  pack->add_option("--out", o->out, "NAME.tokens: little-endian uint16")->required();
  for (CLI::App* command : {encode, decode, pack})
    command->add_option("--tokenizer", o->tokenizer, "tokenizer.json")->capture_default_str();
  encode->callback([o, text] { run_encode(*o, text->count() > 0); });
  decode->callback([o, tokens] { run_decode(*o, tokens->count() > 0); });
  pack->callback([o] { run_pack(*o); });

  sub->footer(
      "Example: attn tokenizer train prose-train-01.txt.xz --vocab 4096 --out tokenizer.json\n"
      "         attn tokenizer pack prose-valid.txt.xz --out valid.tokens");
}

}  // namespace cli
