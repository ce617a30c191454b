"""Chapter 2: what a cut into heads changes and what it leaves. Runs with PyTorch 1.13 or newer: python3 split.py"""
import math
from itertools import product

import torch
from torch import nn


# #region split
class Attention(nn.Module):
    """D² weights in each matrix whatever h: the cut is a view, not a layer."""

    def __init__(self, D, h):
        super().__init__()
        self.h, self.d = h, D // h
        self.W_Q, self.W_K, self.W_V, self.W_O = (nn.Linear(D, D, bias=False) for _ in range(4))

    def forward(self, x):
        B, T, D = x.shape
        q, k, v = (W(x).view(B, T, self.h, self.d).transpose(1, 2) for W in (self.W_Q, self.W_K, self.W_V))
        scores = q @ k.transpose(2, 3) / math.sqrt(self.d)  # [B, h, T, T]: h оценок на пару мест вместо одной
        future = torch.ones(T, T, dtype=torch.bool).triu(1)
        self.A = scores.masked_fill(future, -math.inf).softmax(-1)  # здесь, и только здесь, голов h
        return self.W_O((self.A @ v).transpose(1, 2).reshape(B, T, D))
# #endregion split


# #region operator
def operator(layer: Attention) -> torch.Tensor:
    """The layer with its maps held: a matrix on the whole text at once, Σ_k A⁽ᵏ⁾ ⊗ (W_V W_O)⁽ᵏ⁾ᵀ. [T·D, T·D]"""
    D, d = layer.W_Q.in_features, layer.d
    v, o = layer.W_V.weight.T.view(D, layer.h, d), layer.W_O.weight.T.view(layer.h, d, D)
    return sum(torch.kron(layer.A[0, k], (v[:, k] @ o[k]).T.contiguous()) for k in range(layer.h))
# #endregion operator


# #region ceiling
def one_head(b, near, far, q, r, s):
    """Two digits of b values, one head that gives `near` to the last token and `far` to the one before it. A table that treats
    all values of a digit alike says q for the right first digit, r for the second, q + r + s for the same token."""
    table = {(x, y): q * (x[0] == y[0]) + r * (x[1] == y[1]) + s * (x == y) for x in tokens(b) for y in tokens(b)}
    right = 0
    for x1, x2 in product(tokens(b), repeat=2):
        score = {y: near * table[x1, y] + far * table[x2, y] for y in tokens(b)}
        best = max(score.values())
        right += [y for y in score if score[y] > best - 1e-9] == [(x1[0], x2[1])]
    return right / b**4


def tokens(b):
    return list(product(range(b), repeat=2))
# #endregion ceiling


def main():
    torch.manual_seed(0)
    D, T = 48, 12
    x = torch.randn(1, T, D)
    for h in (1, 2, 3, 6, 48):
        a = Attention(D, h)
        y = a(x)
        assert sum(p.numel() for p in a.parameters()) == 4 * D * D
        assert a.A.shape == (1, h, T, T)
        assert torch.allclose((operator(a) @ x.reshape(-1)).view(1, T, D), y, atol=1e-4)
    # A rearrangement puts A ⊗ M into one row and one column: its rank counts the routes.
    for h in (1, 2, 3, 6):
        a = Attention(D, h)
        a(x)
        rearranged = operator(a).view(T, D, T, D).permute(0, 2, 1, 3).reshape(T * T, D * D)
        assert torch.linalg.matrix_rank(rearranged.detach().double(), rtol=1e-5) == h
    m = nn.MultiheadAttention(D, 6, batch_first=True)
    _, mean = m(x, x, x)
    _, each = m(x, x, x, average_attn_weights=False)
    assert mean.shape == (1, T, T) and each.shape == (1, 6, T, T)
    assert torch.allclose(mean, each.mean(1), atol=1e-6)
    print("nn.MultiheadAttention по умолчанию отдаёт среднюю карту:", tuple(mean.shape))
    for b in (2, 4, 6, 8):
        found = max(one_head(b, a, 1 - a, 1.0, r, s) for a in (0.6, 0.75) for r in (0.8, 0.9) for s in (-0.95, -0.85, -0.79, -0.5, 0.0, 0.5))
        print(f"основание {b}: лучшая из таблиц {found:.4f}, 1 − (b − 1)/b² = {1 - (b - 1) / b**2:.4f}")
        assert abs(found - (1 - (b - 1) / b**2)) < 1e-12


if __name__ == "__main__":
    main()
