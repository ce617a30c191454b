"""Why attribution patching misses the sign of the previous-token head: its estimate, path by path (repeat-2l).

Runs as it is: python3 sign.py (PyTorch 1.13 or newer). Forty strings of ten different letters and the first six again; the
letter before the answer is spoilt, and head 0.1 of the whole run speaks as in the spoilt one. Shares of the whole gap, in
the linear estimate and in truth, through all inputs of layer 1 and through one of them: queries, keys, values, or the
stream straight to the logits.
"""

import random

import torch

from methods import HEADS, W, norm

STRINGS, LETTERS, AGAIN, HEAD = 40, 10, 6, 1


def project(x, layer, which):
    return torch.einsum('td,dhc->htc', norm(x), W[f'blocks.{layer}.attn.W_{which}'])


def pattern(q, k):
    future = torch.ones(q.shape[1], q.shape[1], dtype=torch.bool).triu(1)
    return (q @ k.transpose(1, 2) / q.shape[-1] ** 0.5).masked_fill(future, -torch.inf).softmax(-1)


def write(x, z, layer):
    return x + torch.einsum('htc,hcd->td', z, W[f'blocks.{layer}.attn.W_O'])


def lower(ids):
    """The embeddings [T, D] and what the heads of layer 0 have to say, [H, T, d]."""
    x = W['embed.W_E'][ids] + W['pos_embed.W_pos'][:len(ids)]
    return x, pattern(project(x, 0, 'Q'), project(x, 0, 'K')) @ project(x, 0, 'V')


def upper(x, z, open_to='QKVS', still=None):
    """Logits of the last place; only the inputs named see z, the others see `still`. S is the stream past layer 1."""
    changed, same = write(x, z, 0), write(x, z.detach() if still is None else still, 0)
    see = {name: changed if name in open_to else same for name in 'QKVS'}
    mixed = pattern(project(see['Q'], 1, 'Q'), project(see['K'], 1, 'K')) @ project(see['V'], 1, 'V')
    return (norm(write(see['S'], mixed, 1)) @ W['unembed.W_U'])[-1]


def main():
    random.seed(0)
    assert HEADS == 4
    gap, sums = 0.0, {}
    for _ in range(STRINGS):
        segment = random.sample(range(32), LETTERS)
        clean = torch.tensor(segment + segment[:AGAIN])
        spoilt = clean.clone()
        spoilt[AGAIN - 1] = random.choice([v for v in range(32) if v not in segment])
        metric = lambda logits, answer=segment[AGAIN]: logits[answer] - logits.mean()
        (x, z), (x_spoilt, z_spoilt) = lower(clean), lower(spoilt)
        whole = metric(upper(x, z))
        gap += (whole - metric(upper(x_spoilt, z_spoilt))).item()
        put = z.clone()
        put[HEAD] = z_spoilt[HEAD]
        for path in ('QKVS', 'Q', 'K', 'V', 'S'):
            free = z.clone().requires_grad_()
            slope, = torch.autograd.grad(metric(upper(x, free, path)), free)
            fall = ((z - put) * slope).sum().item(), (whole - metric(upper(x, put, path, z))).item()
            sums[path] = [a + b for a, b in zip(sums.get(path, (0, 0)), fall)]
    for path, (estimate, truth) in sums.items():
        print(f'{path:5s} estimate {estimate / gap:+.2f}   truth {truth / gap:+.2f}')


if __name__ == '__main__':
    main()
