"""The ONNX operators Attention (opsets 23-25) and RotaryEmbedding (23), element by element in float64,
straight from the operators' text (onnx/docs/Operators.md) and the decisions of onnx/onnx#8068 (alignment
of the causal frontier, fully masked rows) and onnx/onnx#8108 (windows). Slow on purpose: no vectorised
step hides a broadcast.

    python3 onnx_reference.py     rewrites onnx_cases.safetensors (seed 1) beside this file
"""

import json
import math
import os

import numpy as np

import safetensors_io

INF = float("inf")


def split_heads(x, heads):
    """[B, T, H*d] -> [B, H, T, d]; 4-D is returned as it is."""
    if x.ndim == 4:
        return x
    b, t, width = x.shape
    d = width // heads
    out = np.zeros((b, heads, t, d), x.dtype)
    for h in range(heads):
        out[:, h] = x[:, :, h * d:(h + 1) * d]
    return out


def bias_of(mask, b, h, i, j):
    """The mask's contribution to score (b, h, i, j): right-aligned broadcasting, -inf past its end."""
    if mask is None:
        return 0.0
    if j >= mask.shape[-1]:
        return -INF
    index, wanted = [], (b, h, i, j)
    for axis in range(1, mask.ndim + 1):
        extent = mask.shape[-axis]
        index.append(0 if axis > 1 and extent == 1 else wanted[-axis])
    value = mask[tuple(reversed(index))]
    if mask.dtype == np.bool_:
        return 0.0 if value else -INF
    return float(value)


def attention(t, a):
    """t: tensors by ONNX name, a: attributes. Returns the four outputs in float64."""
    q = split_heads(t["Q"].astype(np.float64), a.get("q_num_heads", 0))
    k = split_heads(t["K"].astype(np.float64), a.get("kv_num_heads", 0))
    v = split_heads(t["V"].astype(np.float64), a.get("kv_num_heads", 0))
    past = 0
    if "past_key" in t:
        past = t["past_key"].shape[2]
        k = np.concatenate([t["past_key"].astype(np.float64), k], axis=2)
        v = np.concatenate([t["past_value"].astype(np.float64), v], axis=2)
    batch, heads, queries, width = q.shape
    kv_heads, keys = k.shape[1], k.shape[2]
    scale = a.get("scale", 1 / math.sqrt(width))
    cap = a.get("softcap", 0.0)
    left, right = a.get("left_window_size", -1), a.get("right_window_size", -1)
    mode = a.get("qk_matmul_output_mode", 0)
    lengths = t.get("nonpad_kv_seqlen")

    shown = np.zeros((batch, heads, queries, keys))
    y = np.zeros((batch, heads, queries, v.shape[3]))
    for b in range(batch):
        offset = past if lengths is None else int(lengths[b]) - queries
        for h in range(heads):
            group = h // (heads // kv_heads)
            for i in range(queries):
                position = i + offset
                bias, stages = np.zeros(keys), np.zeros((4, keys))
                for j in range(keys):
                    bias[j] = bias_of(t.get("attn_mask"), b, h, i, j)
                    if a.get("is_causal", 0) and j > position:
                        bias[j] = -INF
                    if left >= 0 and j < position - left:
                        bias[j] = -INF
                    if right >= 0 and j > position + right:
                        bias[j] = -INF
                    if lengths is not None and j >= lengths[b]:
                        bias[j] = -INF
                    stages[0, j] = scale * sum(q[b, h, i, c] * k[b, group, j, c] for c in range(width))
                    stages[1, j] = cap * math.tanh(stages[0, j] / cap) if cap > 0 else stages[0, j]
                    stages[2, j] = -INF if bias[j] == -INF else stages[1, j] + bias[j]
                top = max(stages[2], default=-INF)
                if top > -INF:
                    e = [math.exp(s - top) for s in stages[2]]
                    stages[3] = np.array(e) / sum(e)
                shown[b, h, i] = stages[mode]
                for j in range(keys):
                    if bias[j] > -INF:
                        y[b, h, i] += stages[3, j] * v[b, group, j]
    if t["Q"].ndim == 3:
        y = np.concatenate([y[:, h] for h in range(heads)], axis=-1)
    return {"Y": y, "present_key": k, "present_value": v, "qk_matmul_output": shown}


def rotary(t, a):
    x = t["input"].astype(np.float64)
    heads_first = split_heads(x, a.get("num_heads", 0))
    batch, heads, tokens, width = heads_first.shape
    r = a.get("rotary_embedding_dim", 0) or width
    out = heads_first.copy()
    for b in range(batch):
        for s in range(tokens):
            if "position_ids" in t:
                row = t["position_ids"][b, s]
                cos, sin = t["cos_cache"][row], t["sin_cache"][row]
            else:
                cos, sin = t["cos_cache"][b, s], t["sin_cache"][b, s]
            for h in range(heads):
                for p in range(r // 2):
                    one, two = (2 * p, 2 * p + 1) if a.get("interleaved", 0) else (p, p + r // 2)
                    x1, x2 = heads_first[b, h, s, one], heads_first[b, h, s, two]
                    out[b, h, s, one] = float(cos[p]) * x1 - float(sin[p]) * x2
                    out[b, h, s, two] = float(sin[p]) * x1 + float(cos[p]) * x2
    if x.ndim == 3:
        out = np.concatenate([out[:, h] for h in range(heads)], axis=-1)
    return {"output": out}


def random_mask(rng, batch, heads, queries, keys):
    rank = int(rng.integers(1, 5))
    shape = [batch, heads, queries, keys][4 - rank:]
    for axis in range(rank - 1):
        if rng.random() < 0.3:
            shape[axis] = 1
    if keys > 1 and rng.random() < 0.25:
        shape[-1] = int(rng.integers(1, keys))
    kind = rng.random()
    if kind < 0.45:
        mask = rng.random(shape) < 0.7
    else:
        mask = rng.normal(0, 2, shape).astype(np.float32)
        if kind < 0.8:
            mask[rng.random(shape) < 0.3] = -np.inf
    if rank >= 2 and shape[-2] > 1 and rng.random() < 0.3:
        mask[..., int(rng.integers(shape[-2])), :] = False if mask.dtype == np.bool_ else -np.inf
    return mask


def random_attention(rng, big=1):
    """One case: every feature is drawn independently, so that all combinations occur."""
    batch, kv_heads, group = int(rng.integers(1, 4)), int(rng.integers(1, 4)), int(rng.choice([1, 1, 2, 3]))
    heads = kv_heads * group
    queries, fresh = int(rng.integers(1, 5 * big)), int(rng.integers(1, 6 * big))
    width, value_width = int(rng.integers(1, 5 * big)), int(rng.integers(1, 5 * big))
    t, a = {}, {}

    def normal(*shape):
        return rng.normal(0, 1.2, shape).astype(np.float32)

    cache = rng.choice(["none", "none", "past", "nonpad"])
    past = int(rng.integers(0, 5 * big)) if cache == "past" else 0
    if rng.random() < 0.5:
        t["Q"] = normal(batch, heads, queries, width)
        t["K"] = normal(batch, kv_heads, fresh, width)
        t["V"] = normal(batch, kv_heads, fresh, value_width)
    else:
        t["Q"] = normal(batch, queries, heads * width)
        t["K"] = normal(batch, fresh, kv_heads * width)
        t["V"] = normal(batch, fresh, kv_heads * value_width)
        a.update(q_num_heads=heads, kv_num_heads=kv_heads)
    if cache == "past":
        t["past_key"] = normal(batch, kv_heads, past, width)
        t["past_value"] = normal(batch, kv_heads, past, value_width)
    if cache == "nonpad":
        t["nonpad_kv_seqlen"] = rng.integers(0, fresh + 1, batch).astype(np.int64)
    if rng.random() < 0.5:
        t["attn_mask"] = random_mask(rng, batch, heads, queries, past + fresh)
    if rng.random() < 0.5:
        a["is_causal"] = 1
    if rng.random() < 0.3:
        a["scale"] = round(float(rng.uniform(0.05, 1.5)), 3)
    if rng.random() < 0.3:
        a["softcap"] = round(float(rng.uniform(0.3, 5)), 2)
    for side in ("left_window_size", "right_window_size"):
        if rng.random() < 0.3:
            a[side] = int(rng.integers(-1, 4))
    a["qk_matmul_output_mode"] = int(rng.integers(0, 4))
    if rng.random() < 0.2:
        a["softmax_precision"] = int(rng.choice([1, 11]))
    return t, a


def random_rotary(rng, big=1):
    batch, heads, tokens = int(rng.integers(1, 4)), int(rng.integers(1, 4)), int(rng.integers(1, 6 * big))
    width = 2 * int(rng.integers(1, 5 * big))
    t, a = {}, {}
    r = width
    if rng.random() < 0.5:
        r = 2 * int(rng.integers(1, width // 2 + 1))
        a["rotary_embedding_dim"] = r
    if rng.random() < 0.5:
        t["input"] = rng.normal(0, 1, (batch, heads, tokens, width)).astype(np.float32)
    else:
        t["input"] = rng.normal(0, 1, (batch, tokens, heads * width)).astype(np.float32)
        a["num_heads"] = heads
    if rng.random() < 0.5:
        a["interleaved"] = 1
    if rng.random() < 0.5:
        rows = int(rng.integers(tokens, tokens + 6))
        t["position_ids"] = rng.integers(0, rows, (batch, tokens)).astype(np.int64)
        shape = (rows, r // 2)
    else:
        shape = (batch, tokens, r // 2)
    angle = rng.uniform(-6, 6, shape)
    t["cos_cache"], t["sin_cache"] = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    return t, a


def write_golden(path, attention_cases=170, rotary_cases=40):
    rng = np.random.default_rng(1)
    tensors, metadata = {}, {"generator": "tests/golden/onnx_reference.py, seed 1"}
    for n in range(attention_cases + rotary_cases):
        op = "attention" if n < attention_cases else "rotary"
        t, a = random_attention(rng) if op == "attention" else random_rotary(rng)
        expected = attention(t, a) if op == "attention" else rotary(t, a)
        metadata[f"{n:03d}"] = json.dumps({"op": op, **a})
        for name, value in t.items():
            tensors[f"{n:03d}.{name}"] = value
        for name, value in expected.items():
            if name.startswith("present") and "past_key" not in t:
                continue  # a copy of K or V
            tensors[f"{n:03d}.{name}"] = value.astype(np.float32)
    safetensors_io.save(path, tensors, metadata)


if __name__ == "__main__":
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnx_cases.safetensors")
    write_golden(target)
    print(target, os.path.getsize(target), "bytes")
