"""Chapter 15: attention and the feed-forward block as two sums of the same kind. Runs with PyTorch 1.13 or newer: python3 memory.py"""
import math

import torch
from torch import nn


# #region memories
class FeedForward(nn.Module):
    """Строки памяти — параметры: их M, они одни и те же для любого текста."""

    def __init__(self, D, M):
        super().__init__()
        self.keys = nn.Parameter(torch.randn(M, D) / math.sqrt(D))
        self.values = nn.Parameter(torch.randn(M, D) / math.sqrt(M))

    def forward(self, x):  # x: [T, D]
        m = nn.functional.gelu(x @ self.keys.T)  # [T, M], на строку приходится своё число
        return m @ self.values  # сумма m_r · v_r


class Attention(nn.Module):
    """Строки памяти — токены текста: их столько, сколько прочитано, и вычислены они сейчас."""

    def __init__(self, D):
        super().__init__()
        self.W_Q, self.W_K, self.W_V = (nn.Parameter(torch.randn(D, D) / math.sqrt(D)) for _ in range(3))

    def forward(self, x):  # x: [T, D]
        scores = (x @ self.W_Q) @ (x @ self.W_K).T / math.sqrt(x.shape[1])
        future = torch.ones_like(scores, dtype=torch.bool).triu(1)
        a = scores.masked_fill(future, -math.inf).softmax(-1)  # [T, T], строка складывается в единицу
        return a @ (x @ self.W_V)  # сумма a_s · v_s
# #endregion memories


# #region ceiling
def ceiling(table):
    """table[s][r] — объект. Кто видит только s, отвечает самым частым объектом строки."""
    best = [max(row.count(o) for o in row) for row in table]
    return sum(best) / sum(len(row) for row in table)
# #endregion ceiling


if __name__ == "__main__":
    torch.manual_seed(1)
    T, D, M = 6, 16, 64
    x = torch.randn(T, D)
    other = x.clone()
    other[0] += 1  # поменяли первый токен
    ffn, attention = FeedForward(D, M), Attention(D)
    with torch.no_grad():
        rows = nn.functional.gelu(x[-1] @ ffn.keys.T)[:, None] * ffn.values
        assert torch.allclose(ffn(x)[-1], rows.sum(0), atol=1e-5)  # выход — сумма записей строк
        assert torch.equal(ffn(x)[1:], ffn(other)[1:])  # чужой токен на остальные места не влияет
        assert not torch.allclose(attention(x)[-1], attention(other)[-1])  # а здесь влияет
    assert ceiling([[1, 1, 2, 3], [4, 5, 6, 7]]) == 3 / 8
    print("ok")
