"""Chapter 17: the same read three ways. Runs with PyTorch 1.13 or newer: python3 memories.py"""
import math

import torch
import torch.nn.functional as F


# #region online
def one_query(q, K, V, tile):
    """softmax(q Kᵀ/√d) V, exactly, without ever holding a row of weights."""
    m, l, o = -math.inf, 0.0, torch.zeros(V.shape[1])
    for j in range(0, K.shape[0], tile):
        s = K[j : j + tile] @ q / math.sqrt(K.shape[1])
        new = max(m, s.max().item())
        old = math.exp(m - new)  # прежние слагаемые были e^(s−m); один множитель переводит их все
        w = (s - new).exp()
        l, o, m = l * old + w.sum(), o * old + w @ V[j : j + tile], new
    return o / l
# #endregion online


# #region rules
def scan(q, k, v, alpha, beta, erase):
    """Sₜ = α Sₜ₋₁ (I − β k kᵀ) + β v kᵀ, yₜ = Sₜ q; без erase скобки нет."""
    S, out = torch.zeros(v.shape[1], k.shape[1]), []
    for t in range(k.shape[0]):
        S = alpha[t] * S
        recalled = S @ k[t] if erase else 0
        S = S + beta[t] * torch.outer(v[t] - recalled, k[t])
        out.append(S @ q[t])
    return torch.stack(out)


def parallel(q, k, v, alpha):
    """Тот же ответ без стирания, сразу для всех токенов: (L ∘ QKᵀ) V, L — произведения α между записью и чтением."""
    c = alpha.log().cumsum(0)
    L = (c[:, None] - c[None, :]).exp().tril()
    return (L * (q @ k.T)) @ v
# #endregion rules


if __name__ == "__main__":
    torch.manual_seed(17)
    T, d = 64, 16
    q, k, v = torch.randn(T, d), F.normalize(torch.randn(T, d), dim=1), torch.randn(T, d)
    exact = torch.softmax(k @ q[-1] / math.sqrt(d), 0) @ v
    for tile in (1, 7, 64):
        assert torch.allclose(one_query(q[-1], k, v, tile), exact, atol=1e-6), tile
    alpha, one = torch.rand(T) * 0.5 + 0.5, torch.ones(T)
    assert torch.allclose(scan(q, k, v, alpha, one, False), parallel(q, k, v, alpha), atol=1e-4)
    again = scan(k[[0, 1, 0, 0]], k[[0, 1, 0, 0]], v[:4], one, one, True)
    assert torch.allclose(again[3], v[3], atol=1e-5)  # дельта-правило вернёт последнее, что записали по этому ключу
    print("tiles, the dual form and the delta rule agree with their definitions")
