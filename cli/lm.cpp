// attn lm eval: how well a model predicts a packed text. attn quantize: eight bits per weight.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include "attn/io/json.hpp"
#include "attn/math/softmax.hpp"
#include "attn/model/int8.hpp"
#include "attn/text/tokenizer.hpp"
#include "cli/command.hpp"
#include "cli/mapped_tokens.hpp"
#include "cli/model_file.hpp"

namespace cli {

namespace {

using attn::Index;
using attn::Real;
using attn::io::Json;

struct LmOptions {
  std::string model, tokens, out;
  Index context = 0, stride = 0, batch = 8, limit = 0;
};

// Windows of `context` tokens, `stride` apart. A window scores the tokens that no earlier one did: all but
// the first window's are predicted from at least context - stride tokens before them. The first token of
// the file, a separator, is given.
struct Window {
  Index begin, length, first_scored;
};

std::vector<Window> windows(Index tokens, Index context, Index stride) {
  std::vector<Window> out;
  for (Index begin = 0, scored = 1; scored < tokens; begin += stride) {
    const Index end = std::min(begin + context, tokens);
    out.push_back({begin, end - begin, scored});
    scored = end;
  }
  return out;
}

// -log p summed over the scored tokens of windows of one length.
double nats(const attn::Model& model, const std::uint16_t* tokens, const Window* w, Index count) {
  attn::TokenBatch batch;
  batch.batch = count;
  batch.length = w[0].length;
  for (Index i = 0; i < count; ++i) {
    // As in training, a separator stands before every window: in place of its first token, which no
    // window scores.
    batch.tokens.push_back(attn::text::Tokenizer::separator);
    batch.tokens.insert(batch.tokens.end(), tokens + w[i].begin + 1, tokens + w[i].begin + batch.length);
  }
  if (model.config.token_types) batch.types.assign(batch.tokens.size(), 0);
  attn::Tape tape(attn::Tape::Mode::inference);
  const attn::ConstView logits = tape.value(attn::forward(tape, model, batch));  // [B, T, V]
  const Index vocab = logits.shape[-1];
  double sum = 0;
  for (Index i = 0; i < count; ++i)
    for (Index at = w[i].first_scored; at < w[i].begin + w[i].length; ++at) {
      const Real* row = logits.data + (i * batch.length + at - 1 - w[i].begin) * vocab;
      sum += attn::log_sum_exp(row, vocab) - row[tokens[at]];
    }
  return sum;
}

void check_fit(const attn::Model& model, const MappedTokens& file, const LmOptions& o) {
  const attn::ModelConfig& c = model.config;
  const attn::TokenText text = file.text();
  if (file.vocab() == 0 || file.characters() == 0)
    throw Failure(o.tokens +
                  ": the .json beside it must give \"vocab\" and \"characters\", as `attn tokenizer "
                  "pack` writes them");
  if (c.kind != attn::Kind::decoder || !c.unembed)
    throw Failure(o.model + ": only a decoder with an unembedding predicts");
  if (c.vocab != file.vocab())
    throw Failure("the model has " + std::to_string(c.vocab) + " tokens, the file " +
                  std::to_string(file.vocab()));
  if (*std::max_element(text.tokens, text.tokens + text.count) >= c.vocab)
    throw Failure(o.tokens + ": a token beyond the vocabulary of " + std::to_string(c.vocab));
}

// -log p summed over all tokens but the first: windows of one length go together, a batch at a time.
double total_nats(const attn::Model& model, const std::uint16_t* tokens, const std::vector<Window>& plan,
                  Index batch) {
  double sum = 0;
  for (std::size_t i = 0; i < plan.size();) {
    std::size_t next = i + 1;
    while (next < plan.size() && next - i < static_cast<std::size_t>(batch) &&
           plan[next].length == plan[i].length)
      ++next;
    sum += nats(model, tokens, &plan[i], static_cast<Index>(next - i));
    i = next;
  }
  return sum;
}

void run_eval(LmOptions o) {
  const attn::Model model = read_model(o.model);
  const MappedTokens file(o.tokens);
  check_fit(model, file, o);
  const attn::TokenText text = file.text();
  const Index context = model.config.context;
  if (o.context == 0) o.context = context;
  if (o.stride == 0) o.stride = std::max<Index>(1, o.context / 2);
  if (o.context > context || o.stride >= o.context)
    throw Failure(usage,
                  "--context is at most the model's " + std::to_string(context) + ", --stride is below it");
  const double per_token = file.characters() / static_cast<double>(text.count);
  const bool all = o.limit == 0 || o.limit >= text.count;
  const Index total = all ? text.count : o.limit;
  if (total < 2) throw Failure(o.tokens + ": of a single token nothing is predicted");
  const double sum = total_nats(model, text.tokens, windows(total, o.context, o.stride), o.batch);
  const double scored = static_cast<double>(total - 1);
  const double characters = all ? file.characters() : per_token * static_cast<double>(total);
  Json out = Json::object();
  out.set("model", Json::of(o.model));
  out.set("context", Json::of(static_cast<double>(o.context)));
  out.set("stride", Json::of(static_cast<double>(o.stride)));
  out.set("tokens", Json::of(scored));
  out.set("characters", Json::of(characters));
  out.set("characters_estimated", Json::of(!all));  // a part of the file: at its mean per token
  out.set("nats", Json::of(sum));
  out.set("nats_per_token", Json::of(sum / scored));
  out.set("bits_per_token", Json::of(sum / scored / std::log(2.0)));
  out.set("bits_per_character", Json::of(sum / characters / std::log(2.0)));
  std::printf("%s\n", out.dump().c_str());
}

void run_quantize(const LmOptions& o) {
  const attn::Model model = read_model(o.model);
  const std::vector<std::uint8_t> before = read_file(o.model);
  const auto file = need(attn::io::SafeTensors::parse(before.data(), before.size()), o.model);
  auto metadata = file.metadata();
  metadata.erase("attn.config");  // written anew
  const std::vector<std::uint8_t> bytes = attn::save_model_int8(model, metadata);
  write_file(o.out, bytes);
  std::printf("%s: %zu bytes -> %s: %zu bytes\n", o.model.c_str(), before.size(), o.out.c_str(),
              bytes.size());
}

}  // namespace

void add_lm(CLI::App& app) {
  const auto o = std::make_shared<LmOptions>();
  CLI::App* lm = app.add_subcommand("lm", "language models: evaluation");
  lm->require_subcommand(1);
  CLI::App* eval = lm->add_subcommand("eval", "bits per character and per token on a packed text, as JSON");
  eval->add_option("MODEL", o->model, "model or training snapshot (safetensors)")->required();
  eval->add_option("TOKENS", o->tokens, "NAME.tokens, with NAME.json beside it")->required();
  eval->add_option("--context", o->context, "tokens of a window; default: the model's context")
      ->check(CLI::Range(1, 1 << 20));
  eval->add_option("--stride", o->stride, "tokens between windows; default: half of the context")
      ->check(CLI::Range(1, 1 << 20));
  eval->add_option("--batch", o->batch, "windows at once")->check(CLI::Range(1, 1024))->capture_default_str();
  eval->add_option("--limit", o->limit, "only so many tokens from the start, 2 or more; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  eval->callback([o] { run_eval(*o); });
  eval->footer("Example: attn lm eval models/ru-small/model.safetensors valid.tokens");

  CLI::App* quantize =
      app.add_subcommand("quantize", "store the matrices of a model in eight bits per weight");
  quantize->add_option("IN", o->model, "model or training snapshot (safetensors)")->required();
  quantize->add_option("OUT", o->out, "where to write it")->required();
  quantize->callback([o] { run_quantize(*o); });
  quantize->footer("Example: attn quantize trained.safetensors models/ru-small/model.safetensors");
}

}  // namespace cli
