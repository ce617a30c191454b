"""Chapter 9 in PyTorch: patching, attribution patching, rollout and the truth, on the specimen of chapters 1 and 7.

Runs as it is: python3 methods.py (PyTorch 1.13 or newer). It reads models/repeat-2l and computes on its own what the
core computed for the chapter; CHECK=recording.json compares the two.
Shapes: T tokens, D width, H heads, d head width, V vocabulary.
"""

import json
import os
import pathlib
import struct

import torch

torch.set_default_dtype(torch.float64)
ALPHABET = 'абвгдежзийклмнопрстуфхцчшщъыьэюя'
ROOT = pathlib.Path(__file__).resolve().parents[3]


def read(path):
    data = path.read_bytes()
    size = struct.unpack('<Q', data[:8])[0]
    header = json.loads(data[8:8 + size])
    return {name: torch.frombuffer(bytearray(data[8 + size + a:8 + size + b]), dtype=torch.float32).double().reshape(entry['shape'])
            for name, entry in header.items() if name != '__metadata__' for a, b in [entry['data_offsets']]}


W = read(ROOT / 'models/repeat-2l/model.safetensors')
LAYERS, HEADS = 2, 4


def norm(x):
    return x / (x.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()


# #region run
def run(ids, put=lambda name, value: value):
    """Logits [T, V]. `put` sees every activation by name and may return another in its place."""
    t = len(ids)
    x = put('embed', W['embed.W_E'][ids]) + W['pos_embed.W_pos'][:t]
    future = torch.ones(t, t, dtype=torch.bool).triu(1)
    for l in range(LAYERS):
        q, k, v = (torch.einsum('td,dhc->htc', norm(x), W[f'blocks.{l}.attn.W_{m}']) for m in 'QKV')
        scores = (q @ k.transpose(1, 2) / q.shape[-1] ** 0.5).masked_fill(future, -torch.inf)
        pattern = put(f'pattern{l}', scores.softmax(-1))  # [H, T, T]
        z = put(f'z{l}', pattern @ v)  # [H, T, d]
        x = x + torch.einsum('htc,hcd->td', z, W[f'blocks.{l}.attn.W_O'])
    return norm(x) @ W['unembed.W_U']
# #endregion run


# #region patching
def keep(ids):
    """All activations of a run, by name."""
    seen = {}
    run(ids, lambda name, value: seen.setdefault(name, value))
    return seen


def patch_heads(clean, corrupted, metric):
    """Share of the metric that comes back when one head of the corrupted run speaks as on the clean prompt: [L, H]."""
    source = keep(clean)
    whole, broken = metric(run(clean)), metric(run(corrupted))
    effect = torch.zeros(LAYERS, HEADS)
    for l in range(LAYERS):
        for h in range(HEADS):
            def put(name, value):
                if name == f'z{l}':
                    value = value.clone()
                    value[h] = source[name][h]
                return value
            effect[l, h] = (metric(run(corrupted, put)) - broken) / (whole - broken)
    return effect
# #endregion patching


# #region attribution
def attribution(clean, corrupted, metric):
    """The same from one backward pass: sum of (a_clean − a_corrupted) · ∂m/∂a on the corrupted run."""
    source, here = keep(clean), {}

    def put(name, value):
        if name.startswith('z'):
            here[name] = value if value.requires_grad else value.requires_grad_()  # the weights need no gradient
            value.retain_grad()
        return value

    broken = metric(run(corrupted, put))
    broken.backward()
    rows = [((source[f'z{l}'] - here[f'z{l}']) * here[f'z{l}'].grad).sum((1, 2)) for l in range(LAYERS)]
    return torch.stack(rows).detach() / (metric(run(clean)) - broken.detach())
# #endregion attribution


# #region rollout
def rollout(patterns):
    """patterns: [H, T, T] of every layer. Half the stream is assumed to stay where it was."""
    total = torch.eye(patterns[0].shape[-1])
    for p in patterns:
        total = (p.mean(0) + torch.eye(p.shape[-1])) / 2 @ total
    return total
# #endregion rollout


def encode(text):
    return torch.tensor([ALPHABET.index(c) for c in text])


def main():
    clean, corrupted = encode('музыкантмузык'), encode('музыоантмузык')
    answer = run(clean)[-1].argmax()
    metric = lambda logits: logits[-1, answer] - logits[-1].mean()
    with torch.no_grad():
        effect = patch_heads(clean, corrupted, metric)
        seen = keep(clean)
        flowed = rollout([seen[f'pattern{l}'] for l in range(LAYERS)])[-1]
    estimate = attribution(clean, corrupted, metric)
    print('answer', ALPHABET[answer], 'clean', float(metric(run(clean))), 'corrupted', float(metric(run(corrupted))))
    print('patched  ', effect.numpy().round(3).tolist())
    print('estimated', estimate.numpy().round(3).tolist())
    print('rollout  ', flowed.numpy().round(3).tolist())
    if 'CHECK' not in os.environ:
        return
    widgets = ROOT / 'web/src/widgets'
    patching = json.loads((widgets / 'patching-lab/recording.json').read_text())['figure']
    bench = json.loads((widgets / 'truth-bench/recording.json').read_text())['figure']
    for name, mine, theirs in [('heads', effect, patching['heads']), ('estimate', estimate, patching['headEstimate']), ('rollout', flowed, bench['methods']['rollout'])]:
        gap = (mine.flatten() - torch.tensor(theirs)).abs().max().item()
        print(f'{name}: largest difference {gap:.1e}')
        assert gap < 2e-3, name


if __name__ == '__main__':
    main()
