"""Chapter 6: what concat and W_O do. Runs with PyTorch 1.13 or newer: python3 assembly.py

Shapes: T tokens, D stream, H heads, d head width. Weights as in the core: W_Q, W_K, W_V [H, D, d], W_O [H, d, D].
"""
import math

import torch
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


# #region assemble
def maps(x, w_q, w_k):
    """One map per head: [H, T, T]."""
    scores = (x @ w_q) @ (x @ w_k).transpose(1, 2) / math.sqrt(w_q.shape[2])
    future = torch.ones_like(scores[0], dtype=torch.bool).triu(1)
    return scores.masked_fill(future, -math.inf).softmax(-1)


def concat(x, w_q, w_k, w_v, w_o):
    """As libraries do it: glue the mixtures side by side, then one product with all of W_O."""
    z = maps(x, w_q, w_k) @ (x @ w_v)                                  # [H, T, d]
    return z.transpose(0, 1).reshape(x.shape[0], -1) @ w_o.flatten(0, 1)  # [T, H·d] · [H·d, D]


def writes(x, w_q, w_k, w_v, w_o):
    """As the stream sees it: H vectors of width D, one from each head. Their sum is the layer."""
    return maps(x, w_q, w_k) @ (x @ w_v) @ w_o                         # [H, T, D]
# #endregion assemble


# #region turn
def turn(w, angle, i=0, j=1):
    """Heads i and j of a weight [H, …] turned into one another; W_O turned alike turns it back."""
    c, s = math.cos(angle), math.sin(angle)
    out = w.clone()
    out[i], out[j] = c * w[i] + s * w[j], -s * w[i] + c * w[j]
    return out
# #endregion turn


# #region fused
def split_gpt2(w, H, d):            # c_attn: [D, 3·H·d], columns Q of all heads | K of all heads | V of all heads
    return [p.unflatten(1, (H, d)).transpose(0, 1) for p in w.split(H * d, dim=1)]


def split_torch(w, H, d):           # in_proj_weight: [3·H·d, D], the same order in rows, used as x·Wᵀ
    return split_gpt2(w.T, H, d)


def split_neox(w, H, d):            # query_key_value: [3·H·d, D], head by head: Q, K, V of head 0, then of head 1 …
    return list(w.T.unflatten(1, (H, 3, d)).permute(2, 1, 0, 3))
# #endregion fused


def main():
    T, D, H, d = 12, 32, 4, 8
    x = torch.randn(T, D)
    w_q, w_k, w_v = (torch.randn(H, D, d) / math.sqrt(D) for _ in range(3))
    w_o = torch.randn(H, d, D) / math.sqrt(H * d)
    y = concat(x, w_q, w_k, w_v, w_o)

    # The layer is the sum of what its heads write.
    assert torch.allclose(y, writes(x, w_q, w_k, w_v, w_o).sum(0))

    # The formula of «Математика»: turning V and O of two heads costs (A_0 − A_1) times two terms.
    angle = 0.7
    c, s = math.cos(angle), math.sin(angle)
    a = maps(x, w_q, w_k)
    ov = lambda v, o: x @ w_v[v] @ w_o[o]
    predicted = (a[0] - a[1]) @ (s * s * (ov(1, 1) - ov(0, 0)) + c * s * (ov(0, 1) + ov(1, 0)))
    turned = concat(x, w_q, w_k, turn(w_v, angle), turn(w_o, angle))
    assert torch.allclose(turned - y, predicted)
    # With one map for both heads it costs nothing: they are one head of width 2d.
    same_q, same_k = w_q.clone(), w_k.clone()
    same_q[1], same_k[1] = same_q[0], same_k[0]
    assert torch.allclose(concat(x, same_q, same_k, turn(w_v, angle), turn(w_o, angle)), concat(x, same_q, same_k, w_v, w_o))
    # A quarter turn of everything renames two heads.
    everything = [turn(w, math.pi / 2) for w in (w_q, w_k, w_v, w_o)]
    assert torch.allclose(concat(x, *everything), y)

    # A value bias is a constant in the stream: rows of a map sum to one.
    b_v = torch.randn(H, 1, d)
    with_bias = (a @ (x @ w_v + b_v) @ w_o).sum(0)
    assert torch.allclose(with_bias, y + (b_v @ w_o).sum(0))

    # Three layouts of one fused tensor; a square W_O hides its transposition.
    cols = [w.transpose(0, 1).flatten(1) for w in (w_q, w_k, w_v)]              # each [D, H·d]
    gpt2 = torch.cat(cols, 1)
    neox = torch.stack([w_q, w_k, w_v]).permute(1, 0, 3, 2).reshape(3 * H * d, D)
    for split, w in ((split_gpt2, gpt2), (split_torch, gpt2.T), (split_neox, neox)):
        assert all(torch.equal(p, q) for p, q in zip(split(w, H, d), (w_q, w_k, w_v)))
    wrong = split_neox(gpt2.T, H, d)
    assert wrong[0].shape == w_q.shape and not torch.allclose(wrong[0], w_q)

    # nn.MultiheadAttention: the same layer, and its weights averaged unless asked otherwise.
    m = nn.MultiheadAttention(D, H, bias=False, batch_first=True)
    with torch.no_grad():
        m.in_proj_weight.copy_(gpt2.T)
        m.out_proj.weight.copy_(w_o.flatten(0, 1).T)
    blocked = torch.ones(T, T, dtype=torch.bool).triu(1)                         # here True means «do not look»
    out, mean_map = m(x[None], x[None], x[None], attn_mask=blocked)
    _, every_map = m(x[None], x[None], x[None], attn_mask=blocked, average_attn_weights=False)
    assert torch.allclose(out[0], y) and torch.allclose(mean_map[0], a.mean(0)) and torch.allclose(every_map[0], a)
    print("ok")


if __name__ == "__main__":
    main()
