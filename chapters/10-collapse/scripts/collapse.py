"""Chapter 10: what remains of the difference between tokens. Runs with PyTorch 1.13 or newer: python3 collapse.py"""
import math

import torch


# #region monitor
def residual(x):
    """‖R‖ / ‖X‖ for X = 1xᵀ + R, in the norm of Dong et al.; x is [T, D]."""
    size = lambda m: (m.abs().sum(0).max() * m.abs().sum(1).max()).sqrt()  # √(‖·‖₁ ‖·‖_∞)
    return size(x - x.mean(0)) / size(x)


def entropy_ratio(a, causal=False):
    """Entropy of attention rows by the largest possible; a is [H, T, T]; a causal row i sees i + 1 keys."""
    T = a.shape[-1]
    seen = torch.arange(1, T + 1) if causal else torch.full((T,), T)  # not (a > 0): a frozen row has exact zeros
    free = seen > 1  # a row with one key has nothing to choose
    return (torch.special.entr(a).sum(-1)[:, free] / seen[free].log()).mean()
# #endregion monitor


# #region tower
def attention(x, H=4, causal=False):
    T, D = x.shape
    W_Q, W_K, W_V, W_O = (torch.randn(D, D, dtype=x.dtype) / math.sqrt(D) for _ in range(4))
    q, k, v = ((x @ W).view(T, H, -1).transpose(0, 1) for W in (W_Q, W_K, W_V))
    s = q @ k.transpose(1, 2) / math.sqrt(D // H)
    if causal:
        s = s.masked_fill(torch.ones(T, T, dtype=torch.bool).triu(1), -math.inf)
    a = s.softmax(-1)
    return (a @ v).transpose(0, 1).reshape(T, D) @ W_O, a


def tower(layers, skip=0.0, causal=False, dtype=torch.float64):
    x = torch.randn(32, 64, dtype=dtype)
    out = [residual(x).item()]
    for _ in range(layers):
        x = skip * x + attention(x, causal=causal)[0]
        out.append(residual(x).item())
    return out
# #endregion tower


# #region qk-norm
def scores(q, k, g_q, g_k, eps=1e-6):
    """QK-norm per head: q, k are [.., T, d]; no score exceeds √d · max|g_q| · max|g_k|."""
    rms = lambda v: v * torch.rsqrt(v.pow(2).mean(-1, keepdim=True) + eps)
    return (rms(q) * g_q) @ (rms(k) * g_k).transpose(-1, -2) / math.sqrt(q.shape[-1])
# #endregion qk-norm


if __name__ == "__main__":
    torch.manual_seed(1)
    pure, masked = tower(6), tower(24, causal=True)
    print("внимание:", " ".join(f"{r:.1e}" for r in pure))
    print("с маской:", " ".join(f"{r:.1e}" for r in masked[::4]))
    single = tower(6, dtype=torch.float32)
    print("float32: ", " ".join(f"{r:.1e}" for r in single))
    assert pure[3] < 1e-5 and pure[5] < 1e-13, "doubly exponential until rounding"
    assert single[5] > 1e-9, "rounding holds a float32 residual up"
    assert masked[24] > 1e-8, "the mask leaves a plain exponential"
    q = k = 1000 * torch.randn(5, 16)
    assert scores(q, k, 2, 1).abs().max() <= 4 * 2 * 1.001
    a = torch.full((1, 3, 3), 1 / 3)
    assert abs(entropy_ratio(a).item() - 1) < 1e-6
    even = torch.ones(1, 3, 3).tril() / torch.arange(1, 4).view(3, 1)
    assert abs(entropy_ratio(even, causal=True).item() - 1) < 1e-6, "an even causal map is as open as it can be"
    assert entropy_ratio(torch.eye(3)[None]) == 0, "a frozen map counts, though its zeros are exact"
