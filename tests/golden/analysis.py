#!/usr/bin/env python3
"""Golden vectors for core/attn/analysis: interventions and readings by hand in PyTorch, max-flow by networkx,
clustering by scipy (apt install python3-torch python3-networkx python3-scipy).

    python3 tests/golden/analysis.py [OUTDIR]

The models are those of generate.py (model-NAME.safetensors). Everything is float64.
"""
import json
import sys
from pathlib import Path

import networkx
import numpy
import scipy
import torch
import torch.nn.functional as F
from scipy.cluster import hierarchy
from scipy.spatial import distance

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


def golden_case(name):
    tensors, metadata = load(HERE / f"model-{name}.safetensors")
    p = {n[6:]: torch.tensor(v) for n, v in tensors.items() if n.startswith("param/")}
    return json.loads(metadata["attn.config"]), p, torch.tensor(tensors["tokens"][:1])


def max_flow(layers, position):
    """Abnar & Zuidema's graph, solved by networkx's Edmonds-Karp, as in the authors' code."""
    graph, T = networkx.DiGraph(), layers[0].shape[0]
    for l, a in enumerate(layers):
        for i in range(T):
            for j in range(T):
                if a[i, j] > 0:
                    graph.add_edge((l + 1, i), (l, j), capacity=float(a[i, j]))
    solve = networkx.algorithms.flow.edmonds_karp
    return torch.tensor([networkx.maximum_flow_value(graph, (len(layers), position), (0, j), flow_func=solve)
                         if (0, j) in graph else 0.0 for j in range(T)])


def flow(name, out):
    c, p, tokens = golden_case(name)
    L, H, T = c["layers"], c["heads"], tokens.shape[1]
    group = H // (c.get("kv_heads") or H)
    run = Run(c, p, tokens, keep_grad=True)
    run.logits[0, 8, 2].backward()
    gold = {"tokens": tokens}
    layers, product, relevance = [], torch.eye(T), torch.eye(T)
    for l in range(L):
        a = run.seen[f"blocks.{l}.attn.pattern"]
        layers.append((a[0].mean(0) + torch.eye(T)) / 2)
        product = layers[-1] @ product
        gold[f"rollout/{l}"] = product
        v = run.seen[f"blocks.{l}.attn.v"][0].repeat_interleave(group, 1)  # [S, H, d]
        f = torch.einsum("shd,hdD->hsD", v, p[f"blocks.{l}.attn.W_O"])
        written = a[0][..., None] * f[:, None]  # [H, T, S, D]
        gold[f"norms/{l}"], gold[f"summed_norms/{l}"] = written.norm(dim=-1), written.sum(0).norm(dim=-1)
        gold[f"gradient_attention/{l}"] = a * a.grad
        relevance = relevance + (a * a.grad)[0].clamp(min=0).mean(0) @ relevance
    gold["relevance"] = relevance
    gold["flow/8"], gold["flow/5"] = max_flow(layers, 8), max_flow(layers, 5)
    gold["gradient_input"] = (run.seen["embed"] * run.seen["embed"].grad).sum(-1)
    save(out / f"flow-{name}.safetensors", gold, {"torch": torch.__version__, "networkx": networkx.__version__})


def network(out):
    """Three random networks with real capacities and cycles."""
    g = torch.Generator().manual_seed(3)
    gold = {}
    for n, (nodes, edges) in enumerate(((6, 14), (12, 50), (30, 200))):
        ends = torch.stack([torch.randint(nodes, (edges,), generator=g) for _ in range(2)], 1)
        capacity = torch.rand(edges, generator=g).float().double()
        graph = networkx.DiGraph()
        graph.add_nodes_from(range(nodes))
        for (a, b), x in zip(ends.tolist(), capacity.tolist()):
            if a != b:  # networkx keeps one edge per pair: parallel ones add up
                old = graph.get_edge_data(a, b, {"capacity": 0.0})["capacity"]
                graph.add_edge(a, b, capacity=old + x)
        gold |= {f"{n}/edges": ends, f"{n}/capacity": capacity}
        gold[f"{n}/flow"] = torch.tensor([networkx.maximum_flow_value(graph, 0, t) for t in range(1, nodes)])
    save(out / "network.safetensors", gold, {"networkx": networkx.__version__})


def likeness(out):
    """Clusters by scipy's average linkage, linear CKA by its definition with centred Gram matrices."""
    g = torch.Generator().manual_seed(5)
    points = torch.randn(14, 3, generator=g).float().double()
    pairs = distance.pdist(points.numpy())
    merges = hierarchy.linkage(pairs, "average")
    gold = {"distance": torch.tensor(distance.squareform(pairs)), "merges": torch.tensor(merges)}
    for count in (2, 3, 6):
        labels = hierarchy.fcluster(merges, count, "maxclust").tolist()
        gold[f"cut/{count}"] = torch.tensor([list(dict.fromkeys(labels)).index(x) for x in labels])
    a = torch.randn(40, 5, generator=g).float().double()
    b = (a[:, :3] @ torch.randn(3, 4, generator=g) + 0.5 * torch.randn(40, 4, generator=g)).float().double()
    centre = torch.eye(40) - 1 / 40
    k, l = centre @ a @ a.T @ centre, centre @ b @ b.T @ centre  # HSIC, Kornblith et al. 2019, eq. 2
    gold |= {"cka/a": a, "cka/b": b, "cka": ((k * l).sum() / (k.norm() * l.norm())).reshape(1)}
    save(out / "likeness.safetensors", gold, {"scipy": scipy.__version__, "numpy": numpy.__version__})


def probe(out):
    """Multinomial logistic regression with a ridge, to the optimum."""
    g = torch.Generator().manual_seed(9)
    x = torch.randn(60, 4, generator=g).float().double()
    labels = (x @ torch.randn(4, 3, generator=g) + 0.7 * torch.randn(60, 3, generator=g)).argmax(1)
    w, b = torch.zeros(4, 3, requires_grad=True), torch.zeros(3, requires_grad=True)
    optimiser = torch.optim.LBFGS([w, b], max_iter=500, tolerance_grad=1e-12, tolerance_change=1e-15, line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        loss = F.cross_entropy(x @ w + b, labels) + 0.01 / 2 * (w * w).sum()
        loss.backward()
        return loss
    optimiser.step(closure)
    assert w.grad.abs().max() < 1e-8, w.grad
    save(out / "probe.safetensors", {"x": x, "labels": labels, "weights": w,
                                     "nats": F.cross_entropy(x @ w + b, labels).reshape(1)}, {"torch": torch.__version__})


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    for name in ("gpt2", "llama"):
        interventions(name, out)
        flow(name, out)
    network(out)
    likeness(out)
    probe(out)


if __name__ == "__main__":
    main()
