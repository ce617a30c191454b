"""Chapter 4: three roles of one vector, and what a head cannot notice. Runs with PyTorch 1.13 or newer: python3 roles.py"""
import math

import torch
from torch import nn


# #region roles
class Head(nn.Module):
    """Одна голова; share: "" — три матрицы, "qk" или "kv" — две, "qkv" — одна."""

    def __init__(self, D, d, share=""):
        super().__init__()
        self.W_Q = nn.Linear(D, d, bias=False)
        self.W_K = self.W_Q if "qk" in share else nn.Linear(D, d, bias=False)
        self.W_V = self.W_K if "kv" in share else nn.Linear(D, d, bias=False)
        self.W_O = nn.Linear(d, D, bias=False)

    def forward(self, x, mask=None):  # x: [B, T, D]
        q, k, v = self.W_Q(x), self.W_K(x), self.W_V(x)  # одна матрица — один и тот же градиентный буфер
        scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(mask, -math.inf)
        return self.W_O(scores.softmax(-1) @ v)
# #endregion roles


# #region gauge
@torch.no_grad()
def rewrite(head: Head) -> Head:
    """Другие числа в q, k и v, та же функция: W_Q·G, W_K·G⁻ᵀ, W_V·R, R⁻¹·W_O."""
    D, d = head.W_Q.in_features, head.W_Q.out_features
    G, R = (torch.eye(d) * 3 + torch.randn(d, d) / 2 for _ in range(2))
    out = Head(D, d)
    # nn.Linear хранит Wᵀ: умножение справа на G становится умножением слева на Gᵀ.
    out.W_Q.weight.copy_(G.T @ head.W_Q.weight)
    out.W_K.weight.copy_(torch.linalg.inv(G) @ head.W_K.weight)
    out.W_V.weight.copy_(R.T @ head.W_V.weight)
    out.W_O.weight.copy_(head.W_O.weight @ torch.linalg.inv(R).T)
    return out
# #endregion gauge


if __name__ == "__main__":
    torch.manual_seed(1)
    x = torch.randn(2, 10, 32)
    head = Head(32, 8)
    other = rewrite(head)
    print("q изменился на", float((head.W_Q(x) - other.W_Q(x)).abs().max()))
    print("ответ изменился на", float((head(x) - other(x)).abs().max()))
    assert torch.allclose(head(x), other(x), atol=1e-5)
    for share, matrices in (("", 4), ("qk", 3), ("kv", 3), ("qkv", 2)):
        one = Head(32, 8, share)
        one(x).sum().backward()
        assert len(list(one.parameters())) == matrices
        print(share or "три матрицы", sum(p.numel() for p in one.parameters()), "весов")
