// The golden folders (tests/golden/hf.py) against what PyTorch made of them, and folders that are wrong.
#include "attn/model/hf_loader.hpp"

#include "golden.hpp"

using namespace attn;
using namespace attn::test;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), path);
  return Bytes(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

// A folder in memory.
struct Folder {
  std::string config;
  std::vector<std::string> names;
  std::vector<Bytes> files;

  explicit Folder(const std::string& name) {
    const std::string at = std::string(ATTN_GOLDEN_DIR) + "/hf/" + name + "/";
    const Bytes text = read_bytes(at + "config.json");
    config.assign(text.begin(), text.end());
    names = {"model.safetensors"};
    if (std::ifstream(at + "model.safetensors.index.json").good()) {
      const Bytes index = read_bytes(at + "model.safetensors.index.json");
      names = *hf_shards(std::string(index.begin(), index.end()));
    }
    for (const std::string& n : names) files.push_back(read_bytes(at + n));
  }
  void replace(const std::string& what, const std::string& by) {
    REQUIRE_MESSAGE(config.find(what) != std::string::npos, what);
    config.replace(config.find(what), what.size(), by);
  }

  Result<HfLoader> plan() const {
    const auto parsed = hf_config(config);
    if (!parsed) return parsed.error();
    std::vector<HfFile> headers;
    for (std::size_t i = 0; i < files.size(); ++i) {
      const std::uint64_t size = files[i].size();
      const auto end =
          io::SafeTensors::header_bytes(files[i].data(), std::min<std::size_t>(8, files[i].size()), size);
      if (!end) return end.error();
      const auto header = io::SafeTensors::parse_header(files[i].data(), *end, size);
      if (!header) return header.error();
      headers.push_back({names[i], *header});
    }
    return HfLoader::plan(*parsed, headers);
  }
  Result<Model> load() const {
    auto loader = plan();
    if (!loader) return loader.error();
    loader->allocate();
    std::uint64_t read = 0;
    while (const auto r = loader->next()) {
      read += r->size;
      const Status status = loader->give(files[r->file].data() + r->offset, r->size);
      if (!status) return status.error();
    }
    CHECK(read == loader->bytes_to_read());
    Model model = loader->finish();
    CHECK(model.parameters.bytes() == loader->weight_bytes());
    return model;
  }
  std::string problem() const {
    const auto model = load();
    return model.ok() ? "" : model.error().message;
  }
};

std::vector<TokenId> numbers(const std::string& list) {
  std::vector<TokenId> out;
  std::size_t at = 0;
  while (at < list.size()) {
    std::size_t end = list.find(',', at);
    if (end == std::string::npos) end = list.size();
    out.push_back(static_cast<TokenId>(std::atoi(list.substr(at, end - at).c_str())));
    at = end + 1;
  }
  return out;
}

// The expected values are kept as floats: in the double build it is their rounding that counts.
constexpr double kRoundings = sizeof(Real) == 8 ? 1e9 : 128;

void check_folder(const std::string& name) {
  const Folder folder(name);
  const auto model = folder.load();
  REQUIRE_MESSAGE(model.ok(), name << ": " << (model.ok() ? "" : model.error().message));
  const Golden expected("hf/" + name + "/expected.safetensors");
  TokenBatch batch;
  batch.tokens = numbers(expected.metadata("ids"));
  batch.batch = 1, batch.length = static_cast<Index>(batch.tokens.size());
  if (model->config.token_types) {
    batch.types = numbers(expected.metadata("types"));
    batch.lengths = {numbers(expected.metadata("length"))[0]};
  }
  Hooks hooks;
  std::vector<Hooks::Scope> scopes;
  for (int l = 0; l < model->config.layers; ++l)
    scopes.push_back(hooks.observe({Site::pattern, l}, [&](HookPoint at, ConstView p) {
      check_close(name + " attn." + std::to_string(at.layer), p,
                  expected.tensor("attn." + std::to_string(at.layer)), kRoundings);
    }));
  ForwardOptions options;
  options.hooks = &hooks;
  Tape tape(Tape::Mode::inference);
  const Var out = forward(tape, *model, batch, options);
  const bool predicts = expected.has("logits");
  CHECK(model->config.unembed == predicts);
  check_close(name, tape.value(out), expected.tensor(predicts ? "logits" : "last_hidden_state"), kRoundings);
}

bool says(const std::string& message, const std::string& text) {
  const bool found = message.find(text) != std::string::npos;
  if (!found) MESSAGE("\"" << message << "\" does not say \"" << text << "\"");
  return found;
}

}  // namespace

TEST_CASE("hf: GPT-2, tied head, no prefix, a mask in the file") { check_folder("gpt2-tied"); }
TEST_CASE("hf: GPT-2, free head, F16, exact GELU") { check_folder("gpt2-free"); }
TEST_CASE("hf: LLaMA in two shards, BF16, wide heads, llama3 frequencies") { check_folder("llama-sharded"); }
TEST_CASE("hf: LLaMA without head, biases, linear frequencies") { check_folder("llama-base"); }
TEST_CASE("hf: Mistral, a window in every layer, F16") { check_folder("mistral"); }
TEST_CASE("hf: Qwen2, biases, tied, a window from layer 1 on, BF16") { check_folder("qwen2"); }
TEST_CASE("hf: Qwen3, normed queries and keys, three shards") { check_folder("qwen3"); }
TEST_CASE("hf: BERT with another head, types and padding") { check_folder("bert-masked"); }
TEST_CASE("hf: BERT alone, F16, GPT-2's GELU") { check_folder("bert-base"); }

TEST_CASE("hf: weights in sixteen bits stay so, a window knows its layers") {
  const Model qwen = *Folder("qwen2").load();
  CHECK(qwen.parameters.find("blocks.0.attn.W_Q")->storage == Storage::bf16);
  CHECK(qwen.parameters.find("embed.W_E")->storage == Storage::bf16);
  CHECK(qwen.parameters.find("blocks.0.ln1.w")->storage == Storage::real);
  CHECK(qwen.config.window == 3);
  CHECK((!qwen.config.windowed(0) && qwen.config.windowed(1)));
  CHECK(Folder("mistral").load()->parameters.find("unembed.W_U")->storage == Storage::f16);
  CHECK(Folder("qwen3").load()->parameters.has_stored() == false);
}

TEST_CASE("hf: head_dim may be left to the weights, a tied table to the head's name") {
  Folder llama("llama-sharded");
  llama.replace("\"head_dim\": 8,", "");
  CHECK(llama.load()->config.resolved_head_width() == 8);
  Folder gpt2("gpt2-tied");
  gpt2.replace("\"architectures\": [\n  \"GPT2LMHeadModel\"\n ]", "\"architectures\": null");
  CHECK(gpt2.load()->config.tied);
}

TEST_CASE("hf: files that do not fit are refused by name") {
  Folder f("qwen3");
  f.files.pop_back(), f.names.pop_back();
  CHECK(says(f.problem(), "is in none of the files"));

  Folder other("llama-base");
  other.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1");
  CHECK(says(other.problem(), "tensor \"layers.1."));
  CHECK(says(other.problem(), "has no place in the llama that config.json describes"));

  Folder wide("gpt2-tied");
  wide.replace("\"n_embd\": 12", "\"n_embd\": 15");
  CHECK(says(wide.problem(), "config.json asks for [29, 15]"));

  Folder headless("llama-base");
  headless.replace("LlamaModel", "LlamaForCausalLM");
  CHECK(says(headless.problem(), "tensor \"lm_head.weight\""));
  CHECK(says(headless.problem(), "tie_word_embeddings is false"));

  Folder twice("qwen3");
  twice.files.push_back(twice.files[0]), twice.names.push_back("again.safetensors");
  CHECK(says(twice.problem(), "is there twice"));

  Folder cut("mistral");
  cut.files[0].resize(cut.files[0].size() - 10);
  CHECK(says(cut.problem(), "cut short"));

  Folder nan("mistral");
  nan.files[0].back() = 0x7c, nan.files[0][nan.files[0].size() - 2] = 0x01;
  CHECK(says(nan.problem(), "not finite"));
}

TEST_CASE("hf: the estimate of a run grows with what it keeps") {
  const ModelConfig c = hf_config(Folder("llama-sharded").config)->model;
  // Patterns of 2 layers and 4 heads at T = 10, twice and once more, are 5·4·100 numbers at the least.
  CHECK(run_bytes(c, 10) > 5 * 4 * 100 * sizeof(Real));
  CHECK(run_bytes(c, 20) > 2 * run_bytes(c, 10));
}
