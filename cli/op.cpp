// attn op: the core's operators on files, under their ONNX names.
#include <CLI/CLI.hpp>
#include <limits>
#include <memory>

#include "attn/attention/onnx_attention.hpp"
#include "attn/io/safetensors.hpp"
#include "cli/attributes.hpp"
#include "cli/command.hpp"
#include "cli/op_inputs.hpp"

namespace cli {

namespace {

using attn::Index;
using attn::Real;
using attn::io::DType;
using attn::io::Writer;

struct OpOptions {
  std::string input, output;
  std::vector<std::string> attributes;
};

// An attribute as a count or a code; what exceeds the type cannot be meant.
template <class T>
T whole(const Attributes& a, const std::string& name, T absent) {
  const auto value = a.integer(name);
  if (!value) return absent;
  if (*value < std::numeric_limits<T>::min() || *value > std::numeric_limits<T>::max())
    throw Failure(usage, "--attr " + name + "=" + std::to_string(*value) + ": out of range");
  return static_cast<T>(*value);
}

void run_attention(const OpOptions& o) {
  const Attributes a(o.attributes,
                     {"is_causal", "q_num_heads", "kv_num_heads", "scale", "softcap", "softmax_precision",
                      "qk_matmul_output_mode", "left_window_size", "right_window_size"});
  const OpInputs file(o.input, {"Q", "K", "V", "attn_mask", "past_key", "past_value", "nonpad_kv_seqlen"},
                      {"Y", "present_key", "present_value", "qk_matmul_output"});
  attn::OnnxAttention in;
  in.q = file.floats("Q");
  in.k = file.floats("K");
  in.v = file.floats("V");
  in.mask = file.mask("attn_mask");
  if (file.has("past_key")) in.past_key = file.floats("past_key");
  if (file.has("past_value")) in.past_value = file.floats("past_value");
  if (file.has("nonpad_kv_seqlen")) in.nonpad_kv_seqlen = file.integers("nonpad_kv_seqlen", 1);
  in.is_causal = a.flag("is_causal");
  in.q_num_heads = whole<Index>(a, "q_num_heads", 0);
  in.kv_num_heads = whole<Index>(a, "kv_num_heads", 0);
  if (const auto scale = a.real("scale")) in.scale = static_cast<Real>(*scale);
  in.softcap = static_cast<Real>(a.real("softcap").value_or(0));
  in.softmax_precision = whole<int>(a, "softmax_precision", 0);
  in.qk_matmul_output_mode = whole<int>(a, "qk_matmul_output_mode", 0);
  in.left_window_size = whole<Index>(a, "left_window_size", -1);
  in.right_window_size = whole<Index>(a, "right_window_size", -1);

  const attn::OnnxAttentionResult out = need(attn::onnx_attention(in), o.input);
  Writer w;  // T1: Q, K and what is like them; T2: V and what is like it
  w.add("Y", out.y, file.dtype("Q"));
  w.add("present_key", out.present_key, file.dtype("K"));
  w.add("present_value", out.present_value, file.dtype("V"));
  w.add("qk_matmul_output", out.qk_matmul_output, file.dtype("Q"));
  write_file(o.output, w.finish());
}

// The core is given the numbers alone: that they lie as [B, T], or [1, T] for all sequences, is seen here.
void check_positions(const OpInputs& file, const attn::Shape& input) {
  if (input.rank() != 3 && input.rank() != 4) return;  // the core says what is wrong with it
  const Index B = input[0], T = input.rank() == 4 ? input[2] : input[1];
  const std::vector<Index>& ids = file.shape("position_ids");
  if (ids[1] == T && (ids[0] == B || ids[0] == 1)) return;
  file.refuse("position_ids", "it is " + attn::to_string({ids[0], ids[1]}) + "; it must be " +
                                  attn::to_string({B, T}) + ", or " + attn::to_string({1, T}) +
                                  " for all sequences");
}

void run_rotary(const OpOptions& o) {
  const Attributes a(o.attributes, {"interleaved", "num_heads", "rotary_embedding_dim"});
  const OpInputs file(o.input, {"input", "X", "cos_cache", "sin_cache", "position_ids"}, {"output", "Y"});
  if (file.has("input") && file.has("X"))
    file.refuse("X", "the input is given twice, as \"input\" and as \"X\"");
  const std::string name = file.has("X") ? "X" : "input";
  attn::OnnxRotary in;
  in.input = file.floats(name);
  in.cos_cache = file.floats("cos_cache");
  in.sin_cache = file.floats("sin_cache");
  if (file.has("position_ids")) {
    in.position_ids = file.integers("position_ids", 2);
    check_positions(file, in.input.shape);
  }
  in.interleaved = a.flag("interleaved");
  in.num_heads = whole<Index>(a, "num_heads", 0);
  in.rotary_embedding_dim = whole<Index>(a, "rotary_embedding_dim", 0);

  const attn::Tensor out = need(attn::onnx_rotary(in), o.input);
  Writer w;
  w.add("output", out, file.dtype(name));
  write_file(o.output, w.finish());
}

void add_operator(CLI::App& op, const char* name, const char* help, const char* footer,
                  void (*run)(const OpOptions&)) {
  CLI::App* sub = op.add_subcommand(name, help);
  const auto o = std::make_shared<OpOptions>();
  sub->add_option("IN", o->input, "safetensors file with the inputs")->required();
  sub->add_option("OUT", o->output, "safetensors file to write")->required();
  sub->add_option("--attr", o->attributes, "attribute name=value; may be given many times")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  sub->footer(footer);
  sub->callback([o, run] { run(*o); });
}

}  // namespace

void add_op(CLI::App& app) {
  CLI::App* op = app.add_subcommand("op", "run one operator on tensors from a file");
  op->require_subcommand(1);
  add_operator(
      *op, "attention", "ONNX Attention, opsets 23 to 25",
      "Tensors in:  Q, K, V, attn_mask, past_key, past_value, nonpad_kv_seqlen\n"
      "Tensors out: Y, present_key, present_value, qk_matmul_output\n"
      "Attributes:  is_causal, q_num_heads, kv_num_heads (3-D inputs), scale, softcap,\n"
      "             softmax_precision, qk_matmul_output_mode (0 raw scores, 1 after softcap,\n"
      "             2 after the mask, 3 after softmax), left_window_size, right_window_size\n\n"
      "Example: attn op attention in.safetensors out.safetensors --attr is_causal=1 --attr scale=0.125",
      run_attention);
  add_operator(*op, "rotary", "ONNX RotaryEmbedding, opset 23",
               "Tensors in:  input (or X), cos_cache, sin_cache, position_ids\n"
               "Tensors out: output\n"
               "Attributes:  interleaved, num_heads (3-D input), rotary_embedding_dim\n\n"
               "Example: attn op rotary in.safetensors out.safetensors --attr interleaved=1",
               run_rotary);
}

}  // namespace cli
