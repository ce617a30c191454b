"""Chapter 3: three independent numbers. Runs with PyTorch 1.13 or newer: python3 heads.py"""
import math

import torch
from torch import nn


# #region attention
class Attention(nn.Module):
    """MHA, GQA and MQA are one code path: n_kv = n_q, 1 < n_kv < n_q, n_kv = 1."""

    def __init__(self, D, n_q, n_kv, d):
        super().__init__()
        assert n_q % n_kv == 0, "каждому набору ключей достаётся поровну запросов"
        self.n_q, self.n_kv, self.d = n_q, n_kv, d
        self.W_Q = nn.Linear(D, n_q * d, bias=False)
        self.W_K = nn.Linear(D, n_kv * d, bias=False)
        self.W_V = nn.Linear(D, n_kv * d, bias=False)
        self.W_O = nn.Linear(n_q * d, D, bias=False)  # n_q·d не обязано равняться D

    def forward(self, x, cache=None):
        B, T, _ = x.shape
        q = self.W_Q(x).view(B, T, self.n_q, self.d).transpose(1, 2)
        k = self.W_K(x).view(B, T, self.n_kv, self.d).transpose(1, 2)
        v = self.W_V(x).view(B, T, self.n_kv, self.d).transpose(1, 2)
        if cache is not None:  # прошлое приходит спереди
            k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
        g = self.n_q // self.n_kv  # запросы 0…g−1 читают набор 0 и так далее: блоками, не через один
        scores = q @ k.repeat_interleave(g, 1).transpose(2, 3) / math.sqrt(self.d)
        S = k.shape[2]
        future = torch.ones(T, S, dtype=torch.bool).triu(S - T + 1)
        weights = scores.masked_fill(future, -math.inf).softmax(-1)
        z = weights @ v.repeat_interleave(g, 1)
        return self.W_O(z.transpose(1, 2).reshape(B, T, -1)), (k, v)
# #endregion attention


# #region pooling
@torch.no_grad()
def share(full: Attention, n_kv: int) -> Attention:
    """MHA -> GQA as Ainslie et al. 2023 start it: the mean of the projections of each group."""
    D, d, g = full.W_Q.in_features, full.d, full.n_q // n_kv
    out = Attention(D, full.n_q, n_kv, d)
    out.W_Q.weight.copy_(full.W_Q.weight)
    out.W_O.weight.copy_(full.W_O.weight)
    for name in ("W_K", "W_V"):
        w = getattr(full, name).weight.view(n_kv, g, d, D)
        getattr(out, name).weight.copy_(w.mean(1).reshape(n_kv * d, D))
    return out  # дальше — дообучение, без него качество падает
# #endregion pooling


def main():
    torch.manual_seed(0)
    D, T = 64, 10
    x = torch.randn(2, T, D)
    for n_q, n_kv, d in [(4, 4, 16), (4, 2, 16), (4, 1, 16), (3, 3, 40), (8, 8, 1)]:
        a = Attention(D, n_q, n_kv, d)
        y, (k, v) = a(x)
        assert y.shape == x.shape
        assert sum(p.numel() for p in a.parameters()) == D * d * (2 * n_q + 2 * n_kv)
        assert k.numel() + v.numel() == 2 * (2 * n_kv * d) * T  # batch of two
        # The cache changes nothing but the time: prefix first, the rest token by token.
        z, cache = a(x[:, :6])
        parts = [z]
        for t in range(6, T):
            z, cache = a(x[:, t : t + 1], cache)
            parts.append(z)
        assert torch.allclose(torch.cat(parts, 1), y, atol=1e-5)
    # When the heads of a group already agree, sharing loses nothing.
    a = Attention(D, 4, 4, 16)
    with torch.no_grad():
        for name in ("W_K", "W_V"):
            w = getattr(a, name).weight.view(2, 2, 16, D)
            w[:, 1] = w[:, 0]
    assert torch.allclose(share(a, 2)(x)[0], a(x)[0], atol=1e-5)
    print("ok")


if __name__ == "__main__":
    main()
