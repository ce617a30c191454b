"""Chapter 13: three places where a position can enter. Runs with PyTorch 1.13 or newer: python3 positions.py"""
import math

import torch


# #region rope
def ladder(d, base=10000.0):
    return base ** (-torch.arange(0, d, 2) / d)  # d/2 частот, от быстрой к медленной


def rope(x, positions, theta, interleaved=False):
    """x: [..., T, d]; пары (m, m + d/2) или (2m, 2m + 1)."""
    angle = positions[:, None] * theta  # [T, d/2]
    cos, sin = angle.cos(), angle.sin()
    a, b = (x[..., 0::2], x[..., 1::2]) if interleaved else x.chunk(2, -1)
    y = a * cos - b * sin, a * sin + b * cos
    return torch.stack(y, -1).flatten(-2) if interleaved else torch.cat(y, -1)
# #endregion rope


# #region bias
def alibi(H, T):
    """[H, T, T]; здесь H — степень двойки."""
    slopes = 2.0 ** (-8.0 * torch.arange(1, H + 1) / H)
    distance = torch.arange(T)[:, None] - torch.arange(T)
    return -slopes[:, None, None] * distance


def t5_bucket(distance, buckets=32, farthest=128):
    """Причинный случай: у близких расстояний корзина своя, дальше — по логарифму."""
    exact = buckets // 2
    far = exact + (torch.log(distance.clamp(min=1) / exact) / math.log(farthest / exact) * (buckets - exact)).long()
    return torch.where(distance < exact, distance.clamp(min=0), far.clamp(max=buckets - 1))
# #endregion bias


def attend(x, W_Q, W_K, W_V, causal=False, bias=None):
    q, k, v = x @ W_Q, x @ W_K, x @ W_V
    s = q @ k.T / math.sqrt(W_Q.shape[1])
    if bias is not None:
        s = s + bias
    if causal:
        s = s.masked_fill(torch.ones(len(x), len(x), dtype=torch.bool).triu(1), -math.inf)
    return s.softmax(-1) @ v


def main():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    T, d = 12, 8
    x = torch.randn(T, d)
    W = [torch.randn(d, d) for _ in range(3)]

    order = torch.randperm(T)  # без позиций и маски порядок входа — это порядок выхода, и только
    assert torch.allclose(attend(x[order], *W), attend(x, *W)[order])
    assert not torch.allclose(attend(x[order], *W, causal=True), attend(x, *W, causal=True)[order])

    q, k, theta, p = torch.randn(1, d), torch.randn(1, d), ladder(d), torch.tensor([9.0])
    s = lambda i, j: (rope(q, p * 0 + i, theta) @ rope(k, p * 0 + j, theta).T).item()
    assert math.isclose(s(9, 4), s(1009, 1004), abs_tol=1e-9) and not math.isclose(s(9, 4), s(9, 5), abs_tol=1e-3)

    rows = torch.arange(d).view(2, d // 2).T.flatten()  # половины -> соседи: 0, d/2, 1, d/2 + 1, …
    half = rope(q, p, theta) @ rope(k, p - 3, theta).T
    near = rope(q[:, rows], p, theta, True) @ rope(k[:, rows], p - 3, theta, True).T
    assert torch.allclose(half, near)  # те же оценки, если переставить столбцы W_Q и W_K
    assert not torch.allclose(half, rope(q, p, theta, True) @ rope(k, p - 3, theta, True).T)

    bias = alibi(8, T)[0]
    row = 0.5 * torch.arange(T)  # код авторов: +m·j в каждой строке
    assert torch.allclose(attend(x, *W, True, bias), attend(x, *W, True, row.expand(T, T)))

    firsts = [int((t5_bucket(torch.arange(200)) == b).nonzero()[0]) for b in (15, 16, 17, 31)]
    assert firsts == [15, 16, 19, 113], firsts
    print("ok")


if __name__ == "__main__":
    main()
