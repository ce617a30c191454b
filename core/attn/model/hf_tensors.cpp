#include "attn/model/hf_tensors.hpp"

namespace attn {
namespace {

class Table {
 public:
  std::vector<HfTensor> rows;

  void vector(const std::string& name, const std::string& parameter, Index n) {
    rows.push_back({name, {n}, false, {{parameter, 0, n}}});
  }
  void table(const std::string& name, const std::string& parameter, Index r, Index c) {
    rows.push_back({name, {r, c}, false, {{parameter, 0, c}}});
  }
  // torch.nn.Linear: weight [out, in].
  void linear(const std::string& name, const std::string& w, const std::string& b, bool bias, Index in,
              Index out) {
    rows.push_back({name + ".weight", {out, in}, true, {{w, 0, in}}});
    if (bias) vector(name + ".bias", b, out);
  }
  // GPT-2's Conv1D: weight [in, out].
  void conv1d(const std::string& name, const std::string& w, const std::string& b, Index in, Index out) {
    table(name + ".weight", w, in, out);
    vector(name + ".bias", b, out);
  }
  void norm(const std::string& name, const std::string& ours, const ModelConfig& c) {
    vector(name + ".weight", ours + ".w", c.width);
    if (c.norm_kind == NormKind::layer_norm) vector(name + ".bias", ours + ".b", c.width);
  }
};

void add_gpt2(Table& t, const ModelConfig& c) {
  const Index D = c.width, M = c.resolved_mlp_width();
  t.table("wte.weight", "embed.W_E", c.vocab, D);
  t.table("wpe.weight", "pos_embed.W_pos", c.context, D);
  for (Index l = 0; l < c.layers; ++l) {
    const std::string h = "h." + std::to_string(l) + ".", block = "blocks." + std::to_string(l) + ".";
    const std::string at = block + "attn.";
    t.norm(h + "ln_1", block + "ln1", c);
    t.rows.push_back({h + "attn.c_attn.weight",  // Q, K and V side by side
                      {D, 3 * D},
                      false,
                      {{at + "W_Q", 0, D}, {at + "W_K", D, D}, {at + "W_V", 2 * D, D}}});
    t.rows.push_back({h + "attn.c_attn.bias",
                      {3 * D},
                      false,
                      {{at + "b_Q", 0, D}, {at + "b_K", D, D}, {at + "b_V", 2 * D, D}}});
    t.conv1d(h + "attn.c_proj", at + "W_O", at + "b_O", D, D);
    t.norm(h + "ln_2", block + "ln2", c);
    t.conv1d(h + "mlp.c_fc", block + "mlp.W_in", block + "mlp.b_in", D, M);
    t.conv1d(h + "mlp.c_proj", block + "mlp.W_out", block + "mlp.b_out", M, D);
  }
  t.norm("ln_f", "ln_final", c);
}

void add_llama(Table& t, const ModelConfig& c) {
  const Index D = c.width, d = c.resolved_head_width(), M = c.resolved_mlp_width();
  const Index Q = c.heads * d, K = c.resolved_kv_heads() * d;
  t.table("embed_tokens.weight", "embed.W_E", c.vocab, D);
  for (Index l = 0; l < c.layers; ++l) {
    const std::string h = "layers." + std::to_string(l) + ".", block = "blocks." + std::to_string(l) + ".";
    const std::string at = block + "attn.", mlp = block + "mlp.", self = h + "self_attn.";
    t.norm(h + "input_layernorm", block + "ln1", c);
    t.linear(self + "q_proj", at + "W_Q", at + "b_Q", c.qkv_bias, D, Q);
    t.linear(self + "k_proj", at + "W_K", at + "b_K", c.qkv_bias, D, K);
    t.linear(self + "v_proj", at + "W_V", at + "b_V", c.qkv_bias, D, K);
    t.linear(self + "o_proj", at + "W_O", at + "b_O", c.out_bias, Q, D);
    if (c.qk_norm) {
      t.vector(self + "q_norm.weight", at + "q_norm.w", d);
      t.vector(self + "k_norm.weight", at + "k_norm.w", d);
    }
    t.norm(h + "post_attention_layernorm", block + "ln2", c);
    t.linear(h + "mlp.gate_proj", mlp + "W_gate", mlp + "b_gate", c.mlp_bias, D, M);
    t.linear(h + "mlp.up_proj", mlp + "W_in", mlp + "b_in", c.mlp_bias, D, M);
    t.linear(h + "mlp.down_proj", mlp + "W_out", mlp + "b_out", c.mlp_bias, M, D);
  }
  t.norm("norm", "ln_final", c);
}

void add_bert(Table& t, const ModelConfig& c) {
  const Index D = c.width, M = c.resolved_mlp_width();
  t.table("embeddings.word_embeddings.weight", "embed.W_E", c.vocab, D);
  t.table("embeddings.position_embeddings.weight", "pos_embed.W_pos", c.context, D);
  t.table("embeddings.token_type_embeddings.weight", "type_embed.W_type", c.token_types, D);
  t.norm("embeddings.LayerNorm", "embed_norm", c);
  for (Index l = 0; l < c.layers; ++l) {
    const std::string h = "encoder.layer." + std::to_string(l) + ".",
                      block = "blocks." + std::to_string(l) + ".";
    const std::string at = block + "attn.", self = h + "attention.self.";
    t.linear(self + "query", at + "W_Q", at + "b_Q", true, D, D);
    t.linear(self + "key", at + "W_K", at + "b_K", true, D, D);
    t.linear(self + "value", at + "W_V", at + "b_V", true, D, D);
    t.linear(h + "attention.output.dense", at + "W_O", at + "b_O", true, D, D);
    t.norm(h + "attention.output.LayerNorm", block + "ln1", c);
    t.linear(h + "intermediate.dense", block + "mlp.W_in", block + "mlp.b_in", true, D, M);
    t.linear(h + "output.dense", block + "mlp.W_out", block + "mlp.b_out", true, M, D);
    t.norm(h + "output.LayerNorm", block + "ln2", c);
  }
}

}  // namespace

std::vector<HfTensor> hf_tensors(const HfConfig& config) {
  const ModelConfig& c = config.model;
  Table t;
  if (config.family == HfFamily::gpt2) add_gpt2(t, c);
  if (config.family == HfFamily::llama) add_llama(t, c);
  if (config.family == HfFamily::bert) add_bert(t, c);
  if (c.unembed && !c.tied) t.linear("lm_head", "unembed.W_U", "", false, c.width, c.vocab);
  return std::move(t.rows);
}

const char* hf_prefix(HfFamily family) {
  return family == HfFamily::gpt2 ? "transformer." : family == HfFamily::llama ? "model." : "bert.";
}

bool hf_ignored(const HfConfig& config, const std::string& name) {
  const auto starts = [&](const char* text) { return name.rfind(text, 0) == 0; };
  const auto ends = [&](std::string_view text) {
    return name.size() >= text.size() && name.compare(name.size() - text.size(), text.size(), text) == 0;
  };
  // Another task's head: kept by a file, needed by no part of the model beside it.
  if (starts("score.") || starts("classifier.") || starts("qa_outputs.") || starts("lm_head.")) return true;
  if (config.family == HfFamily::gpt2) return ends(".attn.bias") || ends(".attn.masked_bias");
  if (config.family == HfFamily::llama) return ends("rotary_emb.inv_freq");
  return starts("pooler.") || starts("cls.") || name == "embeddings.position_ids";
}

}  // namespace attn
