#!/usr/bin/env python3
"""Golden vectors from PyTorch for the operations, a block and two-layer models.

    python3 tests/golden/generate.py [OUTDIR]

Everything is computed in float64 by PyTorch's autograd and written as F64 safetensors, so that the
float build is compared with the truth and the double build to rounding. Where torch has a module of
its own (TransformerEncoderLayer, MultiheadAttention), the formulas here are checked against it first.
"""
import json
import math
import struct
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


# ---------------------------------------------------------------- safetensors, written by hand
def save(path, tensors, metadata):
    header, blobs, offset = {"__metadata__": metadata}, [], 0
    for name, t in tensors.items():
        t = t.detach().contiguous()
        dtype = "I64" if t.dtype == torch.int64 else "F64"
        blob = t.numpy().tobytes()
        header[name] = {"dtype": dtype, "shape": list(t.shape), "data_offsets": [offset, offset + len(blob)]}
        offset += len(blob)
        blobs.append(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


# ---------------------------------------------------------------- the formulas
def rms_norm(x, gain, eps):
    y = x / torch.sqrt((x * x).mean(-1, keepdim=True) + eps)
    return y if gain is None else y * gain


def rotary(x, base, width, interleaved, scaling=1.0, first=0):
    """x: [B, T, H, d]; Hugging Face's rotate_half, or RoFormer's adjacent pairs."""
    half = width // 2
    freq = base ** (-torch.arange(half) / half) / scaling
    angle = (first + torch.arange(x.shape[1]))[:, None] * freq[None, :]
    cos, sin = angle.cos()[None, :, None, :], angle.sin()[None, :, None, :]
    r, rest = x[..., :width], x[..., width:]
    a, b = (r[..., 0::2], r[..., 1::2]) if interleaved else (r[..., :half], r[..., half:])
    p, q = a * cos - b * sin, a * sin + b * cos
    r = torch.stack((p, q), -1).flatten(-2) if interleaved else torch.cat((p, q), -1)
    return torch.cat((r, rest), -1)


def alibi_slopes(n):
    """The authors' get_slopes (attention_with_linear_biases, fairseq/models/transformer.py)."""
    def power_of_2(n):
        start = 2 ** (-(2 ** -(math.log2(n) - 3)))
        return [start * start ** i for i in range(n)]
    if math.log2(n).is_integer():
        return power_of_2(n)
    closest = 2 ** math.floor(math.log2(n))
    return power_of_2(closest) + alibi_slopes(2 * closest)[0::2][: n - closest]


def t5_bucket(relative, bidirectional, buckets, max_distance):
    """Hugging Face T5Attention._relative_position_bucket (float32, as there)."""
    out = torch.zeros_like(relative)
    if bidirectional:
        buckets //= 2
        out = out + (relative > 0).long() * buckets
        relative = relative.abs()
    else:
        relative = -torch.min(relative, torch.zeros_like(relative))
    exact = buckets // 2
    large = exact + (torch.log(relative.float() / exact) / math.log(max_distance / exact) * (buckets - exact)).long()
    large = torch.min(large, torch.full_like(large, buckets - 1))
    return out + torch.where(relative < exact, relative, large)


def sinusoids(T, D):
    pos, i = torch.arange(T)[:, None], torch.arange(D)[None, :]
    angle = pos / 10000 ** ((i // 2 * 2) / D)
    return torch.where(i % 2 == 0, angle.sin(), angle.cos())


def unhooked(site, x):
    return x


def attention(q, k, v, scale, allowed, softcap=0.0, bias=None, hook=unhooked):
    """q: [B, T, H, d], k, v: [B, S, K, d]; allowed: bool, broadcast to [B, H, T, S]."""
    group = q.shape[2] // k.shape[2]
    k, v = k.repeat_interleave(group, 2), v.repeat_interleave(group, 2)
    s = torch.einsum("bthd,bshd->bhts", q, k) * scale
    if softcap:
        s = softcap * torch.tanh(s / softcap)
    if bias is not None:
        s = s + bias
    s = s.masked_fill(~allowed, -math.inf)
    p = hook("pattern", torch.softmax(s, -1))
    return torch.einsum("bhts,bshd->bthd", p, v), p


def model(c, p, tokens, types=None, lengths=None, hook=unhooked):
    """The configurable transformer in torch: c has the keys of attn::ModelConfig, p our parameters.
    hook(name, value) sees the sites of attn::Site by name and returns what to go on with."""
    B, T = tokens.shape
    D, H = c["width"], c["heads"]
    K, d = c.get("kv_heads") or H, c.get("head_width") or D // H
    eps, post = c.get("norm_epsilon", 1e-5), c.get("norm", "pre") == "post"

    def norm(name, x):
        if c.get("norm_kind", "rms_norm") == "rms_norm":
            return rms_norm(x, p.get(name + ".w"), eps)
        return F.layer_norm(x, (D,), p.get(name + ".w"), p.get(name + ".b"), eps)

    position = c.get("position", "learned")
    x = hook("embed", p["embed.W_E"][tokens])
    if types is not None:
        x = x + p["type_embed.W_type"][types]
    if position == "learned":
        x = x + p["pos_embed.W_pos"][:T]
    if position == "sinusoidal":
        x = x + sinusoids(T, D)
    if c.get("embed_norm"):
        x = norm("embed_norm", x)
    i, j = torch.arange(T)[:, None], torch.arange(T)[None, :]
    causal = c.get("kind", "decoder") == "decoder"
    allowed = (j <= i) if causal else torch.ones(T, T, dtype=torch.bool)
    if c.get("window"):
        allowed = allowed & (i - j <= c["window"])
    allowed = allowed[None, None]
    if lengths is not None:
        allowed = allowed & (j[None, None] < lengths[:, None, None, None])
    bias = None
    if position == "alibi":
        bias = -torch.tensor(alibi_slopes(H))[:, None, None] * (i - j).abs()
    if position == "t5":
        bucket = t5_bucket(j - i, not causal, c["t5_buckets"], c["t5_max_distance"])
        bias = p["rel_pos.W_bias"][bucket].permute(2, 0, 1)
    for l in range(c["layers"]):
        at = f"blocks.{l}.attn."

        def hooked(site, x, block=f"blocks.{l}."):
            return hook(block + site, x)

        x = hooked("resid_pre", x)

        def heads(w, b, x):
            y = torch.einsum("btD,Dhd->bthd", x, p[at + w])
            return y + p[at + b] if at + b in p else y

        h = x if post or c.get("norm") == "none" else norm(f"blocks.{l}.ln1", x)
        q, k, v = heads("W_Q", "b_Q", h), heads("W_K", "b_K", h), heads("W_V", "b_V", h)
        if c.get("qk_norm"):
            q, k = rms_norm(q, p[at + "q_norm.w"], eps), rms_norm(k, p[at + "k_norm.w"], eps)
        if c.get("smeared_keys"):
            share = torch.sigmoid(p[at + "smear"])[None, None, :, None]
            k = torch.cat((k[:, :1], share * k[:, 1:] + (1 - share) * k[:, :-1]), 1)
        q, k, v = hooked("attn.q", q), hooked("attn.k", k), hooked("attn.v", v)
        if position == "rope":
            args = (c.get("rope_base", 10000.0), c.get("rope_width") or d, c.get("rope_layout") == "interleaved",
                    c.get("rope_scaling", 1.0))
            q, k = rotary(q, *args), rotary(k, *args)
        z, _ = attention(q, k, v, c.get("scale") or d ** -0.5, allowed, c.get("softcap", 0.0), bias,
                         lambda site, x: hooked("attn." + site, x))
        z = hooked("attn.z", z)
        a = torch.einsum("bthd,hdD->btD", z, p[at + "W_O"])
        if at + "b_O" in p:
            a = a + p[at + "b_O"]
        x = x + hooked("attn_out", a)
        if post:
            x = norm(f"blocks.{l}.ln1", x)
        mlp = c.get("mlp", "none")
        if mlp != "none":
            m = f"blocks.{l}.mlp."
            h = x if post or c.get("norm") == "none" else norm(f"blocks.{l}.ln2", x)

            def affine(w, b, x):
                y = x @ p[m + w]
                return y + p[m + b] if m + b in p else y

            if mlp == "swiglu":
                u = F.silu(affine("W_gate", "b_gate", h)) * affine("W_in", "b_in", h)
            else:
                u = affine("W_in", "b_in", h)
                u = {"gelu": lambda t: F.gelu(t, approximate="tanh"), "gelu_exact": F.gelu, "relu": F.relu}[mlp](u)
            x = x + hooked("mlp_out", affine("W_out", "b_out", hooked("mlp.post", u)))
            if post:
                x = norm(f"blocks.{l}.ln2", x)
        x = hooked("resid_post", x)
    if c.get("norm", "pre") == "pre" and c.get("final_norm", True):
        x = norm("ln_final", x)
    if not c.get("unembed", True):
        return x
    logits = x @ (p["embed.W_E"].T if c.get("tied") else p["unembed.W_U"])
    return logits + p["unembed.b_U"] if "unembed.b_U" in p else logits


def parameter_shapes(c):
    D, H, L, V = c["width"], c["heads"], c["layers"], c["vocab"]
    K, d, M = c.get("kv_heads") or H, c.get("head_width") or D // H, c.get("mlp_width") or 4 * D
    shapes = {"embed.W_E": (V, D)}

    def norm(name):
        if c.get("norm_gain", True):
            shapes[name + ".w"] = (D,)
            if c.get("norm_kind") == "layer_norm":
                shapes[name + ".b"] = (D,)

    if c.get("position", "learned") == "learned":
        shapes["pos_embed.W_pos"] = (c["context"], D)
    if c.get("token_types"):
        shapes["type_embed.W_type"] = (c["token_types"], D)
    if c.get("embed_norm"):
        norm("embed_norm")
    if c.get("position") == "t5":
        shapes["rel_pos.W_bias"] = (c["t5_buckets"], H)
    for l in range(L):
        b, at, m = f"blocks.{l}.", f"blocks.{l}.attn.", f"blocks.{l}.mlp."
        if c.get("norm") != "none":
            norm(b + "ln1")
        shapes |= {at + "W_Q": (D, H, d), at + "W_K": (D, K, d), at + "W_V": (D, K, d), at + "W_O": (H, d, D)}
        if c.get("qkv_bias"):
            shapes |= {at + "b_Q": (H, d), at + "b_K": (K, d), at + "b_V": (K, d)}
        if c.get("out_bias"):
            shapes[at + "b_O"] = (D,)
        if c.get("qk_norm"):
            shapes |= {at + "q_norm.w": (d,), at + "k_norm.w": (d,)}
        if c.get("smeared_keys"):
            shapes[at + "smear"] = (K,)
        if c.get("mlp", "none") != "none":
            gated = c["mlp"] == "swiglu"
            if c.get("norm") != "none":
                norm(b + "ln2")
            shapes |= ({m + "W_gate": (D, M)} if gated else {}) | {m + "W_in": (D, M), m + "W_out": (M, D)}
            if c.get("mlp_bias"):
                shapes |= ({m + "b_gate": (M,)} if gated else {}) | {m + "b_in": (M,), m + "b_out": (D,)}
    if c.get("norm", "pre") == "pre" and c.get("final_norm", True):
        norm("ln_final")
    if c.get("unembed", True):
        if not c.get("tied"):
            shapes["unembed.W_U"] = (D, V)
        if c.get("unembed_bias"):
            shapes["unembed.b_U"] = (V,)
    return shapes


def is_matrix(name):  # what weight decay applies to: matrices; not gains, biases, T5's table, α
    last = name.split(".")[-1]
    return last.startswith("W_") and last != "W_bias"


# ---------------------------------------------------------------- cases
def torch_module_agrees(c, p, x, causal):
    """One pre- or post-norm LayerNorm block against torch.nn.TransformerEncoderLayer."""
    D, H, M = c["width"], c["heads"], c["mlp_width"]
    gelu = (lambda t: F.gelu(t, approximate="tanh")) if c["mlp"] == "gelu" else F.gelu
    layer = torch.nn.TransformerEncoderLayer(D, H, M, 0.0, gelu, c.get("norm_epsilon", 1e-5), True,
                                             norm_first=c.get("norm", "pre") == "pre")
    b = "blocks.0."
    with torch.no_grad():
        qkv = [p[b + f"attn.W_{n}"].reshape(D, D).T for n in "QKV"]
        layer.self_attn.in_proj_weight.copy_(torch.cat(qkv))
        layer.self_attn.in_proj_bias.copy_(torch.cat([p[b + f"attn.b_{n}"].reshape(D) for n in "QKV"]))
        layer.self_attn.out_proj.weight.copy_(p[b + "attn.W_O"].reshape(D, D).T)
        layer.self_attn.out_proj.bias.copy_(p[b + "attn.b_O"])
        layer.linear1.weight.copy_(p[b + "mlp.W_in"].T), layer.linear1.bias.copy_(p[b + "mlp.b_in"])
        layer.linear2.weight.copy_(p[b + "mlp.W_out"].T), layer.linear2.bias.copy_(p[b + "mlp.b_out"])
        for n, m in (("ln1", layer.norm1), ("ln2", layer.norm2)):
            m.weight.copy_(p[b + n + ".w"]), m.bias.copy_(p[b + n + ".b"])
    T = x.shape[1]
    mask = torch.full((T, T), -math.inf).triu(1) if causal else None
    want = layer.train()(x, mask)  # train: the reference path, not the fused one
    one = {**c, "layers": 1, "unembed": False, "final_norm": False, "embed_norm": False, "position": "none",
           "token_types": 0}
    fake = {**p, "embed.W_E": x.reshape(-1, D)}
    got = model(one, fake, torch.arange(x.shape[0] * T).reshape(x.shape[:2]))
    assert (want - got).abs().max() < 1e-12, (want - got).abs().max()


CASES = {
    "course": dict(vocab=11, context=12, layers=2, width=16, heads=4, norm_gain=False),
    "gpt2": dict(vocab=11, context=12, layers=2, width=16, heads=4, mlp="gelu", mlp_width=24, norm_kind="layer_norm",
                 qkv_bias=True, out_bias=True, mlp_bias=True, tied=True),
    "llama": dict(vocab=11, context=12, layers=2, width=16, heads=4, kv_heads=2, head_width=6, mlp="swiglu",
                  mlp_width=20, position="rope", rope_base=500.0),
    "qwen": dict(vocab=11, context=12, layers=2, width=12, heads=4, kv_heads=1, head_width=6, mlp="swiglu",
                 mlp_width=10, position="rope", rope_layout="interleaved", rope_width=4, rope_scaling=2.0,
                 qk_norm=True, softcap=5.0, window=3, qkv_bias=True),
    "bert": dict(kind="encoder", vocab=11, context=12, layers=2, width=12, heads=3, mlp="gelu_exact", mlp_width=18,
                 norm="post", norm_kind="layer_norm", norm_epsilon=1e-6, embed_norm=True, token_types=2,
                 qkv_bias=True, out_bias=True, mlp_bias=True, tied=True, unembed_bias=True),
    "t5": dict(vocab=11, context=12, layers=2, width=12, heads=3, mlp="relu", mlp_width=16, position="t5",
               t5_buckets=6, t5_max_distance=9, scale=1.0),
    "alibi": dict(vocab=11, context=12, layers=2, width=12, heads=3, mlp="relu", mlp_width=16, position="alibi",
                  norm_kind="layer_norm"),
    "smeared": dict(vocab=11, context=12, layers=1, width=12, heads=2, position="sinusoidal", smeared_keys=True),
}
ADAMW = dict(lr=1e-2, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.01)


def make_case(name, c, out):
    g = torch.Generator().manual_seed(sum(map(ord, name)))
    B, T = 3, 9
    p = {n: (torch.randn(s, generator=g) * (0.5 if is_matrix(n) else 0.3)).float().double() + (1.0 if n.endswith(".w") else 0.0)
         for n, s in parameter_shapes(c).items()}
    p = {n: t.float().double().requires_grad_() for n, t in p.items()}  # representable in float
    tokens = torch.randint(c["vocab"], (B, T), generator=g)
    targets = torch.randint(c["vocab"], (B, T), generator=g)
    weights = torch.tensor([0.0, 1.0, 0.5, 1.0, 1.0, 0.0, 2.0, 1.0, 1.0]).repeat(B, 1)
    extra = {}
    if c.get("token_types"):
        extra["types"] = torch.randint(c["token_types"], (B, T), generator=g)
    if c.get("kind") == "encoder":
        extra["lengths"] = torch.tensor([T, 6, 7])
    if name in ("gpt2", "bert"):
        torch_module_agrees(c, p, torch.randn(B, T, c["width"], generator=g), name == "gpt2")

    def loss_of():
        logits = model(c, p, tokens, extra.get("types"), extra.get("lengths"))
        nll = F.cross_entropy(logits.reshape(B * T, -1), targets.reshape(-1), reduction="none")
        return logits, (nll * weights.reshape(-1)).sum() / weights.sum()

    tensors = {"tokens": tokens, "targets": targets, "weights": weights, **extra}
    tensors |= {"param/" + n: t.clone() for n, t in p.items()}
    opt = torch.optim.AdamW([dict(params=[t for n, t in p.items() if is_matrix(n)]),
                             dict(params=[t for n, t in p.items() if not is_matrix(n)], weight_decay=0.0)], **ADAMW)
    losses = []
    for step in range(3):
        logits, loss = loss_of()
        opt.zero_grad()
        loss.backward()
        losses.append(loss.detach())
        if step == 0:
            tensors["logits"] = logits
            tensors |= {"grad/" + n: t.grad.clone() for n, t in p.items()}
        opt.step()
    tensors["losses"] = torch.stack(losses)
    tensors |= {"adamw3/" + n: t for n, t in p.items()}
    save(out / f"model-{name}.safetensors", tensors,
         {"attn.config": json.dumps(c), "adamw": json.dumps(ADAMW), "torch": torch.__version__})


def make_ops(out):
    """<case>/<input or output name>, gradients as d<name>, upstream gradient as dy."""
    g = torch.Generator().manual_seed(7)
    tensors = {}

    def rand(*shape):
        return torch.randn(shape, generator=g).float().double().requires_grad_()

    def case(name, f, **inputs):
        y = f(**inputs)
        dy = torch.randn(y.shape, generator=g).float().double()
        leaves = {n: t for n, t in inputs.items() if t.requires_grad}
        grads = torch.autograd.grad(y, list(leaves.values()), dy)
        tensors.update({f"{name}/{n}": t for n, t in inputs.items()})
        tensors.update({f"{name}/y": y, f"{name}/dy": dy})
        tensors.update({f"{name}/d{n}": t for n, t in zip(leaves, grads)})

    case("linear", lambda x, w, b: x @ w + b, x=rand(2, 5, 7), w=rand(7, 6), b=rand(6))
    case("embedding", lambda table, tokens: table[tokens], table=rand(6, 5),
         tokens=torch.tensor([[0, 5, 5], [2, 0, 5]]))
    case("layer_norm", lambda x, gain, bias: F.layer_norm(x, (9,), gain, bias, 1e-5), x=rand(4, 9), gain=rand(9), bias=rand(9))
    case("rms_norm", lambda x, gain: rms_norm(x, gain, 1e-5), x=rand(4, 9), gain=rand(9))
    wide = (torch.linspace(-6, 6, 41) + 0.01).float().double()
    case("gelu", lambda x: F.gelu(x, approximate="tanh"), x=wide.clone().requires_grad_())
    case("gelu_exact", lambda x: F.gelu(x), x=wide.clone().requires_grad_())
    case("relu", lambda x: F.relu(x), x=wide.clone().requires_grad_())
    case("silu", lambda x: F.silu(x), x=wide.clone().requires_grad_())
    case("swiglu", lambda a, b: F.silu(a) * b, a=rand(3, 8), b=rand(3, 8))
    T, S = 5, 7
    lower = torch.ones(T, S, dtype=torch.bool).tril(S - T)  # bottom-right aligned
    case("attention", lambda q, k, v: attention(q, k, v, 0.4, lower)[0], q=rand(2, T, 4, 3), k=rand(2, S, 2, 3), v=rand(2, S, 2, 5))
    case("attention_softcap", lambda q, k, v, bias: attention(q, k, v, 0.8, lower, 2.0, bias)[0], q=rand(2, T, 2, 4),
         k=rand(2, S, 2, 4), v=rand(2, S, 2, 4), bias=rand(2, T, S))
    case("rotary_half", lambda x: rotary(x, 10000.0, 8, False), x=rand(2, 6, 3, 8))
    case("rotary_interleaved_partial", lambda x: rotary(x, 100.0, 6, True, 4.0, 3), x=rand(2, 6, 3, 8))
    relative = torch.arange(-200, 201)
    tensors["t5_bucket/relative"] = relative
    for bidirectional in (0, 1):
        for buckets, distance in ((32, 128), (8, 20)):
            tensors[f"t5_bucket/{bidirectional}.{buckets}.{distance}"] = t5_bucket(relative, bool(bidirectional), buckets, distance)
    for n in (1, 2, 3, 8, 12, 20):
        tensors[f"alibi/{n}"] = torch.tensor(alibi_slopes(n))
    tensors["sinusoids"] = sinusoids(11, 7)
    save(out / "ops.safetensors", tensors, {"torch": torch.__version__})


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    make_ops(out)
    for name, c in CASES.items():
        make_case(name, c, out)


if __name__ == "__main__":
    main()
