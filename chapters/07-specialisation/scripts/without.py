"""What the shipped model `repeat-2l` keeps without some of its heads: an independent forward pass, in numpy alone.

Heads are taken away by setting their output z to zero; measured on fresh strings of the repeat task, where the
repeat determines the next letter. Prints accuracy and loss (nats) for every set of heads of layer 1 and every
single head of layer 0.

    python3 without.py [sequences] [seed]
"""

import json
import struct
import sys
from itertools import combinations
from pathlib import Path

import numpy as np

V, T, SHORTEST, LONGEST, HEADS, WIDTH, EPSILON = 32, 48, 8, 24, 4, 16, 1e-5
MODEL = Path(__file__).parents[3] / "models" / "repeat-2l" / "model.safetensors"


def weights(path=MODEL):
    data = path.read_bytes()
    end = 8 + struct.unpack("<Q", data[:8])[0]
    header = {k: v for k, v in json.loads(data[8:end]).items() if k != "__metadata__"}
    return {
        name: np.frombuffer(data[end:][slice(*about["data_offsets"])], "<f4").reshape(about["shape"])
        for name, about in header.items()
    }


def strings(count, seed):
    rng = np.random.default_rng(seed)
    periods = rng.integers(SHORTEST, LONGEST + 1, count)
    letters = np.stack([rng.integers(V, size=S)[np.arange(T + 1) % S] for S in periods])
    return letters, np.arange(T) >= periods[:, None]  # the repeat determines letter t + 1 once the period is over


def rms_norm(x):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + EPSILON)


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def logits(w, tokens, without):
    x = w["embed.W_E"][tokens] + w["pos_embed.W_pos"][:T]  # [B, T, D]
    past = np.tril(np.ones((T, T), bool))
    for layer in (0, 1):
        q, k, v = (np.einsum("btd,dhk->bhtk", rms_norm(x), w[f"blocks.{layer}.attn.W_{m}"]) for m in "QKV")
        z = softmax(np.where(past, q @ k.swapaxes(-1, -2) / np.sqrt(WIDTH), -np.inf)) @ v
        z[:, [h for of, h in without if of == layer]] = 0
        x = x + np.einsum("bhtk,hkd->btd", z, w[f"blocks.{layer}.attn.W_O"])
    return rms_norm(x) @ w["unembed.W_U"]


def main(count=256, seed=0):
    w, (letters, counted) = weights(), strings(count, seed)
    for without in [[]] + [[(0, h)] for h in range(HEADS)] + [
        [(1, h) for h in heads] for size in (1, 2, 3, 4) for heads in combinations(range(HEADS), size)
    ]:
        p = softmax(logits(w, letters[:, :-1], without))[counted]
        target = letters[:, 1:][counted]
        accuracy = (p.argmax(-1) == target).mean()
        loss = -np.log(p[np.arange(len(target)), target]).mean()
        print(f"  {accuracy:.3f}  {loss:.3f}  without {', '.join(f'{layer}.{h}' for layer, h in without) or 'nothing'}")


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:3]))
