"""From characters to the next token, step by step: the model of chapter 5 with random weights, and its traps.

Runs as it is: python3 steps.py (PyTorch 1.13 or newer). Shapes: T tokens, D width, H heads, d head width, V vocabulary.
"""
import collections
import math

import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


# #region bpe
def learn_merges(text, count):
    """Byte-pair encoding of characters: join the most frequent neighbours, again and again. Ties: alphabetical."""
    words = collections.Counter(tuple(word) + ('_',) for word in text.split())   # _ marks the end of a word
    merges = []
    for _ in range(count):
        pairs = collections.Counter()
        for word, times in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += times
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append((best, pairs[best]))
        words = collections.Counter({join(word, best): times for word, times in words.items()})
    return merges, words


def join(word, pair):
    out = []
    for piece in word:
        if out and (out[-1], piece) == pair:
            out[-1] += piece
        else:
            out.append(piece)
    return tuple(out)
# #endregion bpe


# #region block
def rms_norm(x, gain, eps=1e-5):
    return x / (x.pow(2).mean(-1, keepdim=True) + eps).sqrt() * gain


def rope(x, start=0, base=10000.0):
    """Turns pair (i, i + d/2) of the vector at place t by t · base^(-2i/d). x: [H, T, d]."""
    t, half = x.shape[1], x.shape[2] // 2
    angle = torch.arange(start, start + t)[:, None] * base ** (-torch.arange(half) / half)   # [T, d/2]
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1)


def attention(x, p, past=None):
    """x: [T, D], already normalised. past: keys and values [H, n, d] of the places before. Returns the write and the cache."""
    (t, width), h = x.shape, p['heads']
    d, start = width // h, 0 if past is None else past[0].shape[1]
    q, k, v = ((x @ p[w]).view(t, h, d).transpose(0, 1) for w in ('w_q', 'w_k', 'w_v'))      # each [H, T, d]
    q, k = rope(q, start), rope(k, start)
    if past is not None:
        k, v = torch.cat([past[0], k], 1), torch.cat([past[1], v], 1)                        # [H, n + T, d]
    scores = q @ k.transpose(1, 2) / math.sqrt(d)                                            # [H, T, n + T]
    future = torch.arange(start + t) > torch.arange(start, start + t)[:, None]               # lower right corner
    weights = scores.masked_fill(future, -math.inf).softmax(-1)
    z = (weights @ v).transpose(0, 1).reshape(t, width)                                      # [T, D]
    return z @ p['w_o'], (k, v)


def block(x, p, past=None):
    write, cache = attention(rms_norm(x, p['g1']), p, past)
    x = x + write
    y = rms_norm(x, p['g2'])
    return x + (torch.nn.functional.silu(y @ p['w_gate']) * (y @ p['w_in'])) @ p['w_out'], cache


def forward(ids, model, past=None):
    """Logits [T, V] of every place, and the cache of every layer."""
    x, caches = model['w_e'][ids], []
    for i, p in enumerate(model['blocks']):
        x, cache = block(x, p, None if past is None else past[i])
        caches.append(cache)
    return rms_norm(x, model['g']) @ model['w_e'].T, caches
# #endregion block


def random_model(vocab=64, width=32, heads=4, inner=48, layers=3):
    matrix = lambda n, m: torch.randn(n, m) / math.sqrt(n)
    blocks = [dict(heads=heads, g1=torch.ones(width), g2=torch.ones(width), w_gate=matrix(width, inner), w_in=matrix(width, inner),
                   w_out=matrix(inner, width), **{w: matrix(width, width) for w in ('w_q', 'w_k', 'w_v', 'w_o')}) for _ in range(layers)]
    return dict(w_e=torch.randn(vocab, width) / math.sqrt(width), g=torch.ones(width), blocks=blocks)


# #region cache
def generate(model, ids, count):
    """Greedy, with a cache: the prompt once, then one token at a time."""
    logits, past = forward(ids, model)
    for _ in range(count):
        ids = torch.cat([ids, logits[-1:].argmax(-1)])
        logits, past = forward(ids[-1:], model, past)
    return ids, logits


def upper_left(queries, keys):
    """What is_causal=True means in PyTorch: row i of tril sees keys 0 … i, whatever came before."""
    return torch.ones(queries, keys, dtype=torch.bool).tril(diagonal=0)
# #endregion cache


def main():
    merges, words = learn_merges('мама мыла раму мама мыла маму мила мыла мыло', 7)
    print('merges', ' '.join(f"{a}+{b}({n})" for (a, b), n in merges))
    print('words ', ' '.join('|'.join(w) for w in words))

    model, prompt = random_model(), torch.tensor([0, 7, 31, 7, 12])
    ids, last = generate(model, prompt, 20)
    whole, _ = forward(ids, model)
    print('cache vs whole      ', (whole[-1] - last[-1]).abs().max().item())
    print('one query, five keys', upper_left(1, 5).tolist())

    # RoPE: a score depends on places only by their difference.
    q, k = torch.randn(1, 1, 8), torch.randn(1, 1, 8)
    score = lambda t, s: (rope(q, t) @ rope(k, s).transpose(1, 2)).item()
    print('rope, same distance ', abs(score(9, 4) - score(25, 20)))

    q, keys = torch.tensor([1.0, 2.0]), torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    a = (keys @ q / math.sqrt(2)).softmax(0)
    print('by hand             ', [round(x, 4) for x in a.tolist()], [round(x, 3) for x in (a @ keys).tolist()])
    print('without the scale   ', [round(x, 4) for x in (keys @ q).softmax(0).tolist()])

    big = torch.tensor([100.0, 90.0], dtype=torch.float32)
    print('exp overflows       ', (big.exp() / big.exp().sum()).tolist(), 'softmax', big.softmax(0).tolist())

    # The difference of two logits is a sum over the writes, with the last norm frozen.
    x = model['w_e'][prompt]
    writes = [x[-1]]
    for p in model['blocks']:
        a, _ = attention(rms_norm(x, p['g1']), p)
        after, _ = block(x, p)
        writes += [a[-1], (after - x - a)[-1]]
        x = after
    u = (model['w_e'][3] - model['w_e'][5]) * model['g'] / (x[-1].pow(2).mean() + 1e-5).sqrt()
    logits, _ = forward(prompt, model)
    print('parts vs difference ', abs(sum(w @ u for w in writes) - (logits[-1, 3] - logits[-1, 5])).item())


if __name__ == '__main__':
    main()
