#!/usr/bin/env python3
"""Golden vectors for core/attn/analysis: interventions and readings by hand in PyTorch, max-flow by networkx,
clustering by scipy (apt install python3-torch python3-networkx python3-scipy).

    python3 tests/golden/analysis.py [OUTDIR]

The models are those of generate.py (model-NAME.safetensors). Everything is float64.
"""
import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

from generate import model, save
from safetensors_io import load

HERE = Path(__file__).parent


class Run:
    """One run of the torch model: what to put where, and what was seen. `put` maps a site to a function."""

    def __init__(self, c, p, tokens, put=None, keep_grad=False):
        self.seen = {}

        def hook(site, x):
            if put and site in put:
                x = put[site](x)
            if keep_grad and not x.requires_grad:
                x = x.clone().requires_grad_()
            if keep_grad:
                x.retain_grad()
            self.seen[site] = x
            return x

        self.logits = model(c, p, tokens, hook=hook)


def measure(logits, answers, kind):
    values = []
    for b, t, right, wrong in answers.tolist():
        row = logits[b, t]
        if kind == "logit_difference":
            values.append(row[right] - row[wrong])
        else:
            log_p = F.log_softmax(row, -1)[right]
            values.append(-log_p if kind == "loss" else log_p.exp())
    return torch.stack(values).mean()


def index_of(site, head, position):
    """The slice of a site: heads stand on axis 2 ([B, T, H, d]), or on axis 1 of a pattern [B, H, T, S]."""
    head = slice(None) if head < 0 else head
    position = slice(None) if position < 0 else position
    if site.endswith("pattern"):
        return (slice(None), head, position)
    return (slice(None), position, head) if ".attn." in site else (slice(None), position)


def overwrite(source, site, head=-1, position=-1):
    at = index_of(site, head, position)

    def put(x):
        x = x.clone()
        x[at] = source[site][at]
        return x

    return put


def chained(first, second):
    return lambda x: second(first(x))


def interventions(name, out):
    tensors, metadata = load(HERE / f"model-{name}.safetensors")
    c = json.loads(metadata["attn.config"])
    p = {n[6:]: torch.tensor(v) for n, v in tensors.items() if n.startswith("param/")}
    g = torch.Generator().manual_seed(11)
    L, H, T = c["layers"], c["heads"], 9
    K = c.get("kv_heads") or H
    clean = torch.tensor(tensors["tokens"][:2])
    corrupted = clean.clone()
    corrupted[0, 3], corrupted[0, 5], corrupted[1, 2] = (clean[0, 3] + 4) % 11, (clean[0, 5] + 1) % 11, (clean[1, 2] + 3) % 11
    answers = torch.tensor([[0, 8, 2, 5], [1, 8, 7, 3], [1, 6, 1, 4]])
    gold = {"clean": clean, "corrupted": corrupted, "answers": answers}
    A, B = Run(c, p, clean), Run(c, p, corrupted)
    for kind in ("logit_difference", "loss", "probability"):
        gold[f"metric/{kind}"] = torch.stack([measure(r.logits, answers, kind) for r in (A, B)])
    kind = "logit_difference"

    def patched(tokens, put):
        return measure(Run(c, p, tokens, put).logits, answers, kind)

    # activation patching: the patched metric, denoising (into the corrupted run) and noising
    for direction, tokens, source in (("denoise", corrupted, A.seen), ("noise", clean, B.seen)):
        def grid(site, heads, positions):
            return torch.stack([patched(tokens, {s: overwrite(source, s, h, t)}) for l in range(L)
                                for s in [f"blocks.{l}.{site}"] for h in heads for t in positions])
        gold[f"{direction}/resid_pre"] = grid("resid_pre", [-1], range(T))
        gold[f"{direction}/z"] = grid("attn.z", range(H), [-1])
        gold[f"{direction}/z_at"] = grid("attn.z", range(H), range(T))
        gold[f"{direction}/k"] = grid("attn.k", range(K), [-1])
        gold[f"{direction}/pattern"] = grid("attn.pattern", range(H), [-1])
        gold[f"{direction}/mlp_out"] = grid("mlp_out", [-1], range(T))

    # gradients of activations, and attribution patching of the corrupted run with clean values
    own = Run(c, p, corrupted, keep_grad=True)
    measure(own.logits, answers, kind).backward()
    for site in ("resid_pre", "attn.q", "attn.k", "attn.v", "attn.z", "attn.pattern", "attn_out", "mlp.post", "mlp_out"):
        for l in range(L):
            gold[f"gradient/blocks.{l}.{site}"] = own.seen[f"blocks.{l}.{site}"].grad
    gold["gradient/embed"] = own.seen["embed"].grad

    def estimate(site, heads, positions):
        values = []
        for l in range(L):
            s = f"blocks.{l}.{site}"
            product = (A.seen[s] - own.seen[s]) * own.seen[s].grad
            values += [product[index_of(s, h, t)].sum() for h in heads for t in positions]
        return torch.stack(values)
    gold["atp/z"] = estimate("attn.z", range(H), [-1])
    gold["atp/pattern"] = estimate("attn.pattern", range(H), [-1])
    gold["atp/resid_pre"] = estimate("resid_pre", [-1], range(T))

    # path patching: the run on clean; each head of layer 0 writes what it wrote on corrupted, and only the
    # receivers hear of it
    def path(sender, receivers, mlps_react):
        frozen = [f"blocks.{l}.attn.z" for l in range(L)] + ([] if mlps_react else [f"blocks.{l}.mlp_out" for l in range(L)])
        put = {s: overwrite(A.seen, s) for s in frozen}
        put[sender[0]] = chained(put[sender[0]], overwrite(B.seen, *sender))
        inputs = Run(c, p, clean, put).seen
        return patched(clean, {r[0]: overwrite(inputs, *r) for r in receivers})
    last = f"blocks.{L - 1}."
    for reading, receivers in (("q", [(last + "attn.q", 1)]), ("k", [(last + "attn.k", K - 1)]),
                               ("v", [(last + "attn.v", K - 1)]), ("logits", [(last + "resid_post",)])):
        for mlps_react in (False, True):
            gold[f"path/{reading}/{int(mlps_react)}"] = torch.stack(
                [path(("blocks.0.attn.z", h), receivers, mlps_react) for h in range(H)])

    # causal tracing: one sequence, three draws of noise on positions 2 and 3
    draws, answer = 3, torch.tensor([[s, 8, 2, -1] for s in range(3)])
    tokens = clean[:1].repeat(draws, 1)
    noise = torch.zeros(draws, T, c["width"])
    noise[:, 2:4] = torch.randn(draws, 2, c["width"], generator=g).float().double()
    gold["trace/noise"] = noise
    whole = Run(c, p, tokens)
    blur = {"embed": lambda x: x + noise}
    gold["trace/metric"] = torch.stack([measure(r.logits, answer, "probability") for r in (whole, Run(c, p, tokens, blur))])
    for site, window in (("resid_post", 1), ("mlp_out", 2), ("attn_out", 3)):
        cells = []
        for l in range(L):
            for t in range(T):
                put = dict(blur)
                for m in range(max(0, l - window // 2), min(L, l - (-window // 2))):
                    put[f"blocks.{m}.{site}"] = overwrite(whole.seen, f"blocks.{m}.{site}", -1, t)
                cells.append(measure(Run(c, p, tokens, put).logits, answer, "probability"))
        gold[f"trace/{site}.{window}"] = torch.stack(cells).reshape(L, T)
    save(out / f"interventions-{name}.safetensors", gold, {"torch": torch.__version__})


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    for name in ("gpt2", "llama"):
        interventions(name, out)


if __name__ == "__main__":
    main()
