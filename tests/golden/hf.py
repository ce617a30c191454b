#!/usr/bin/env python3
"""Tiny Hugging Face folders with random weights, and what PyTorch makes of them.

    python3 tests/golden/hf.py [OUTDIR]          (default: tests/golden/hf)

Each folder holds config.json, the weights as transformers saves them (one file, or an index and shards) and
expected.safetensors: logits or last_hidden_state and the attention of every layer, computed in float64 by the
forward passes below, which follow modeling_gpt2.py, modeling_llama.py (with what Mistral, Qwen2 and Qwen3
change in it) and modeling_bert.py. The core's own names, shapes and layouts appear nowhere here.
"""
import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import safetensors_io

torch.set_default_dtype(torch.float64)
ACT = {"gelu_new": lambda x: F.gelu(x, approximate="tanh"), "gelu": F.gelu, "relu": F.relu, "silu": F.silu}


def softmax_attention(q, k, v, scale, allowed):
    """q, k, v: [H, T, d] -> [T, H·d], [H, T, T]"""
    scores = (q @ k.transpose(-1, -2) * scale).masked_fill(~allowed, -math.inf)
    weights = torch.softmax(scores, -1)
    return (weights @ v).transpose(0, 1).reshape(q.shape[1], -1), weights


def split(x, heads):
    return x.view(x.shape[0], heads, -1).transpose(0, 1)


# ---------------------------------------------------------------- modeling_gpt2.py
def gpt2(c, w, ids):
    T, D, H = len(ids), c["n_embd"], c["n_head"]
    conv1d = lambda x, n: x @ w[n + ".weight"] + w[n + ".bias"]
    norm = lambda x, n: F.layer_norm(x, (D,), w[n + ".weight"], w[n + ".bias"], c["layer_norm_epsilon"])
    x = w["wte.weight"][ids] + w["wpe.weight"][torch.arange(T)]
    causal = torch.ones(T, T, dtype=torch.bool).tril()
    maps = []
    for l in range(c["n_layer"]):
        h = f"h.{l}."
        q, k, v = (split(t, H) for t in conv1d(norm(x, h + "ln_1"), h + "attn.c_attn").split(D, -1))
        z, weights = softmax_attention(q, k, v, (D // H) ** -0.5, causal)
        maps.append(weights)
        x = x + conv1d(z, h + "attn.c_proj")
        x = x + conv1d(ACT[c["activation_function"]](conv1d(norm(x, h + "ln_2"), h + "mlp.c_fc")), h + "mlp.c_proj")
    return norm(x, "ln_f"), maps


def gpt2_shapes(c):
    V, D, M = c["vocab_size"], c["n_embd"], c["n_inner"] or 4 * c["n_embd"]
    shapes = {"wte.weight": (V, D), "wpe.weight": (c["n_positions"], D)}
    for l in range(c["n_layer"]):
        h = f"h.{l}."
        for n in ("ln_1", "ln_2"):
            shapes |= {h + n + ".weight": (D,), h + n + ".bias": (D,)}
        for n, a, b in (("attn.c_attn", D, 3 * D), ("attn.c_proj", D, D), ("mlp.c_fc", D, M), ("mlp.c_proj", M, D)):
            shapes |= {h + n + ".weight": (a, b), h + n + ".bias": (b,)}
    return shapes | {"ln_f.weight": (D,), "ln_f.bias": (D,)}


# ---------------------------------------------------------------- modeling_llama.py, _mistral, _qwen2, _qwen3
def inverse_frequencies(c, d):
    """modeling_rope_utils.py"""
    inv = 1 / c.get("rope_theta", 10000.0) ** (torch.arange(0, d, 2) / d)
    s = c.get("rope_scaling") or {}
    kind = s.get("rope_type", s.get("type"))
    if kind == "linear":
        return inv / s["factor"]
    if kind != "llama3":
        return inv
    old, low, high = s["original_max_position_embeddings"], s["low_freq_factor"], s["high_freq_factor"]
    wavelength = 2 * math.pi / inv
    scaled = torch.where(wavelength > old / low, inv / s["factor"], inv)
    smooth = (old / wavelength - low) / (high - low)
    smoothed = (1 - smooth) * scaled / s["factor"] + smooth * scaled
    medium = ~(wavelength < old / high) & ~(wavelength > old / low)
    assert medium.any() and (wavelength > old / low).any() and (wavelength < old / high).any()
    return torch.where(medium, smoothed, scaled)


def rotate_half(x):
    half = x.shape[-1] // 2
    return torch.cat((-x[..., half:], x[..., :half]), -1)


def slides(c, l):
    if not c.get("sliding_window") or c.get("use_sliding_window") is False or c["model_type"] == "llama":
        return False
    if "layer_types" in c:
        return c["layer_types"][l] == "sliding_attention"
    return l >= c.get("max_window_layers", 0)


def llama(c, w, ids):
    T, D, H = len(ids), c["hidden_size"], c["num_attention_heads"]
    K, d = c.get("num_key_value_heads") or H, c.get("head_dim") or D // H
    def rms(x, n):
        return w[n + ".weight"] * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + c["rms_norm_eps"])
    def linear(x, n):
        return F.linear(x, w[n + ".weight"], w.get(n + ".bias"))
    angle = torch.arange(T)[:, None] * inverse_frequencies(c, d)[None]
    angle = torch.cat((angle, angle), -1)
    turn = lambda x: x * angle.cos() + rotate_half(x) * angle.sin()
    x = w["embed_tokens.weight"][ids]
    i, j = torch.arange(T)[:, None], torch.arange(T)[None]
    maps = []
    for l in range(c["num_hidden_layers"]):
        h = f"layers.{l}."
        y = rms(x, h + "input_layernorm")
        q, k, v = (split(linear(y, h + f"self_attn.{n}_proj"), m) for n, m in (("q", H), ("k", K), ("v", K)))
        if c["model_type"] == "qwen3":
            q, k = rms(q, h + "self_attn.q_norm"), rms(k, h + "self_attn.k_norm")
        q, k = turn(q), turn(k)
        k, v = k.repeat_interleave(H // K, 0), v.repeat_interleave(H // K, 0)
        allowed = j <= i
        if slides(c, l):
            allowed = allowed & (j > i - c["sliding_window"])
        z, weights = softmax_attention(q, k, v, d ** -0.5, allowed)
        maps.append(weights)
        x = x + linear(z, h + "self_attn.o_proj")
        y = rms(x, h + "post_attention_layernorm")
        x = x + linear(F.silu(linear(y, h + "mlp.gate_proj")) * linear(y, h + "mlp.up_proj"), h + "mlp.down_proj")
    return rms(x, "norm"), maps


def llama_shapes(c):
    V, D, H, M = c["vocab_size"], c["hidden_size"], c["num_attention_heads"], c["intermediate_size"]
    K, d, kind = c.get("num_key_value_heads") or H, c.get("head_dim") or D // H, c["model_type"]
    biased = c.get("attention_bias", False)
    shapes = {"embed_tokens.weight": (V, D)}
    for l in range(c["num_hidden_layers"]):
        h = f"layers.{l}."
        shapes |= {h + "input_layernorm.weight": (D,), h + "post_attention_layernorm.weight": (D,)}
        for n, a, b, bias in (("self_attn.q_proj", D, H * d, kind == "qwen2" or biased),
                              ("self_attn.k_proj", D, K * d, kind == "qwen2" or biased),
                              ("self_attn.v_proj", D, K * d, kind == "qwen2" or biased),
                              ("self_attn.o_proj", H * d, D, biased),
                              ("mlp.gate_proj", D, M, c.get("mlp_bias")), ("mlp.up_proj", D, M, c.get("mlp_bias")),
                              ("mlp.down_proj", M, D, c.get("mlp_bias"))):
            shapes[h + n + ".weight"] = (b, a)
            if bias:
                shapes[h + n + ".bias"] = (b,)
        if kind == "qwen3":
            shapes |= {h + "self_attn.q_norm.weight": (d,), h + "self_attn.k_norm.weight": (d,)}
    return shapes | {"norm.weight": (D,)}


# ---------------------------------------------------------------- modeling_bert.py
def bert(c, w, ids, types, length):
    T, D, H = len(ids), c["hidden_size"], c["num_attention_heads"]
    linear = lambda x, n: F.linear(x, w[n + ".weight"], w[n + ".bias"])
    norm = lambda x, n: F.layer_norm(x, (D,), w[n + ".weight"], w[n + ".bias"], c["layer_norm_eps"])
    e = "embeddings."
    x = norm(w[e + "word_embeddings.weight"][ids] + w[e + "token_type_embeddings.weight"][types]
             + w[e + "position_embeddings.weight"][torch.arange(T)], e + "LayerNorm")
    allowed = (torch.arange(T) < length)[None].expand(T, T)
    maps = []
    for l in range(c["num_hidden_layers"]):
        h = f"encoder.layer.{l}."
        q, k, v = (split(linear(x, h + "attention.self." + n), H) for n in ("query", "key", "value"))
        z, weights = softmax_attention(q, k, v, (D // H) ** -0.5, allowed)
        maps.append(weights)
        x = norm(linear(z, h + "attention.output.dense") + x, h + "attention.output.LayerNorm")
        y = ACT[c["hidden_act"]](linear(x, h + "intermediate.dense"))
        x = norm(linear(y, h + "output.dense") + x, h + "output.LayerNorm")
    return x, maps


def bert_shapes(c):
    V, D, M = c["vocab_size"], c["hidden_size"], c["intermediate_size"]
    e = "embeddings."
    shapes = {e + "word_embeddings.weight": (V, D), e + "position_embeddings.weight": (c["max_position_embeddings"], D),
              e + "token_type_embeddings.weight": (c["type_vocab_size"], D),
              e + "LayerNorm.weight": (D,), e + "LayerNorm.bias": (D,)}
    for l in range(c["num_hidden_layers"]):
        h = f"encoder.layer.{l}."
        for n, a, b in (("attention.self.query", D, D), ("attention.self.key", D, D), ("attention.self.value", D, D),
                        ("attention.output.dense", D, D), ("intermediate.dense", D, M), ("output.dense", M, D)):
            shapes |= {h + n + ".weight": (b, a), h + n + ".bias": (b,)}
        for n in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {h + n + ".weight": (D,), h + n + ".bias": (D,)}
    return shapes


# ---------------------------------------------------------------- folders
GPT2 = {"model_type": "gpt2", "vocab_size": 29, "n_positions": 16, "n_embd": 12, "n_layer": 2, "n_head": 3,
        "n_inner": None, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5}
LLAMA = {"model_type": "llama", "vocab_size": 29, "max_position_embeddings": 64, "hidden_size": 12,
         "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 20,
         "hidden_act": "silu", "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": False}
BERT = {"model_type": "bert", "vocab_size": 29, "max_position_embeddings": 16, "type_vocab_size": 2, "hidden_size": 12,
        "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 20, "hidden_act": "gelu",
        "layer_norm_eps": 1e-12}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 64}
FOLDERS = {
    # name: (config, dtype, prefix, shards, tensors that a reader must pass over)
    "gpt2-tied": (GPT2 | {"architectures": ["GPT2LMHeadModel"]}, "F32", "", 1, {"h.0.attn.bias": (1, 1, 16, 16)}),
    "gpt2-free": (GPT2 | {"architectures": ["GPT2LMHeadModel"], "tie_word_embeddings": False, "n_inner": 20,
                          "activation_function": "gelu"}, "F16", "transformer.", 1, {}),
    "llama-sharded": (LLAMA | {"architectures": ["LlamaForCausalLM"], "head_dim": 8, "rope_scaling": LLAMA3,
                               "torch_dtype": "bfloat16"}, "BF16", "model.", 2, {}),
    "llama-base": (LLAMA | {"architectures": ["LlamaModel"], "head_dim": 6, "attention_bias": True, "mlp_bias": True,
                            "rope_scaling": {"type": "linear", "factor": 2.0}}, "F32", "", 1, {}),
    "mistral": (LLAMA | {"model_type": "mistral", "architectures": ["MistralForCausalLM"], "hidden_size": 16,
                         "sliding_window": 3}, "F16", "model.", 1, {}),
    "qwen2": (LLAMA | {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "hidden_size": 16,
                       "tie_word_embeddings": True, "use_sliding_window": True, "sliding_window": 4,
                       "max_window_layers": 1, "rope_theta": 1000000.0}, "BF16", "model.", 1, {}),
    "qwen3": (LLAMA | {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "head_dim": 10,
                       "tie_word_embeddings": True, "use_sliding_window": False, "sliding_window": 4,
                       "max_window_layers": 1}, "F32", "model.", 3, {}),
    "bert-masked": (BERT | {"architectures": ["BertForMaskedLM"]}, "F32", "bert.", 1,
                    {"cls.predictions.bias": (29,), "bert.pooler.dense.weight": (12, 12)}),
    "bert-base": (BERT | {"architectures": ["BertModel"], "hidden_act": "gelu_new"}, "F16", "", 1, {}),
}
FAMILIES = {"gpt2": (gpt2, gpt2_shapes), "bert": (bert, bert_shapes)}
IDS = [3, 28, 0, 7, 7, 19, 11, 2, 14]
TYPES, LENGTH = [0, 0, 0, 0, 1, 1, 1, 1, 0], 7


def as_stored(x, dtype):
    """What goes into the file, and the float64 values that it means."""
    if dtype == "BF16":
        item = safetensors_io.bfloat16(x)
        return item, (np.frombuffer(item[2], np.uint16).astype(np.uint32) << 16).view(np.float32).reshape(x.shape)
    item = x.astype({"F32": np.float32, "F16": np.float16}[dtype])
    return item, item


def write(folder, name, config, dtype, prefix, shards, extra):
    rng = np.random.default_rng([len(name), *name.encode()])
    run, shapes = FAMILIES.get(config["model_type"], (llama, llama_shapes))
    names = shapes(config)
    predicts = config["architectures"][0].endswith(("LMHeadModel", "ForCausalLM"))
    tied = config.get("tie_word_embeddings", config["model_type"] == "gpt2")
    table = next(iter(names))
    if predicts and not tied:
        names["lm_head.weight"] = names[table]
    file, w = {}, {}
    for n, shape in names.items():
        x = rng.standard_normal(shape)
        if len(shape) == 2:
            x *= (1.2 if "embed" in n or "wte" in n or "wpe" in n else 1.5 / shape[0] ** 0.5)
        elif n.endswith("weight"):
            x = 1 + 0.2 * x  # gains
        file[n if n == "lm_head.weight" else prefix + n], value = as_stored(x, dtype)
        w[n] = torch.from_numpy(value.astype(np.float64))
    for n, shape in extra.items():
        file[n] = as_stored(rng.standard_normal(shape), dtype)[0]
    ids = torch.tensor(IDS)
    metadata = {"ids": ",".join(map(str, IDS))}
    if config["model_type"] == "bert":
        metadata |= {"types": ",".join(map(str, TYPES)), "length": str(LENGTH)}
        out, maps = run(config, w, ids, torch.tensor(TYPES), LENGTH)
    else:
        out, maps = run(config, w, ids)
    result = {"last_hidden_state": out}
    if predicts:
        result = {"logits": out @ w[table if tied else "lm_head.weight"].T}
    result |= {f"attn.{l}": m for l, m in enumerate(maps)}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    safetensors_io.save(folder / "expected.safetensors", {n: t.numpy().astype(np.float32) for n, t in result.items()}, metadata)
    if shards == 1:
        return safetensors_io.save(folder / "model.safetensors", file, {"format": "pt"})
    parts = [f"model-{i + 1:05}-of-{shards:05}.safetensors" for i in range(shards)]
    where = {n: parts[i * shards // len(file)] for i, n in enumerate(file)}
    for part in parts:
        safetensors_io.save(folder / part, {n: file[n] for n in file if where[n] == part}, {"format": "pt"})
    index = {"metadata": {"total_size": 0}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    out = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "hf")
    for name, spec in FOLDERS.items():
        write(out / name, name, *spec)
