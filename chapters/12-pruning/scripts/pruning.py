"""Chapter 12: three ways to ask whether a head may go. Runs with PyTorch 1.13 or newer: python3 pruning.py"""
import math

import torch
from torch import nn


# #region gated-attention
class Attention(nn.Module):
    """Causal multi-head attention with a factor in front of every head: z_h <- g_h z_h."""

    def __init__(self, D, H, d):
        super().__init__()
        self.H, self.d = H, d
        self.W_Q, self.W_K, self.W_V = (nn.Linear(D, H * d, bias=False) for _ in range(3))
        self.W_O = nn.Linear(H * d, D, bias=False)

    def forward(self, x, gate):
        B, T, _ = x.shape
        q, k, v = (w(x).view(B, T, self.H, self.d).transpose(1, 2) for w in (self.W_Q, self.W_K, self.W_V))
        future = torch.ones(T, T, dtype=torch.bool).triu(1)
        A = (q @ k.transpose(2, 3) / math.sqrt(self.d)).masked_fill(future, -math.inf).softmax(-1)
        z = (A @ v) * gate.view(-1, self.H, 1, 1)  # [H] — один вентиль на всех, [B, H] — свой у каждого примера
        return self.W_O(z.transpose(1, 2).reshape(B, T, -1))
# #endregion gated-attention


# #region importance
def importance(model, loss_of, x, of):
    """|dL/dξ| at ξ = 1, with the absolute value where each implementation takes it."""
    B = x.shape[0]
    xi = torch.ones(B, model.H, requires_grad=True)  # свой вентиль у каждого примера
    loss_of(model(x, xi), x).backward()
    if of == "example":  # статья: модуль у каждого примера, потом сумма
        return xi.grad.abs().sum(0)
    if of == "batch":  # run_bertology: сначала сумма, потом модуль
        return xi.grad.sum(0).abs()
    raise ValueError(of)
# #endregion importance


# #region hard-concrete
def hard_concrete(log_alpha, beta=0.33, low=-0.1, high=1.1, noise=True):
    """A gate in [0, 1] that is exactly 0 or exactly 1 with positive probability."""
    u = torch.rand_like(log_alpha).clamp(1e-6, 1 - 1e-6)
    logit = (u.log() - (1 - u).log() + log_alpha) / beta if noise else log_alpha
    return (torch.sigmoid(logit) * (high - low) + low).clamp(0, 1)


def open_probability(log_alpha, beta=0.33, low=-0.1, high=1.1):
    return torch.sigmoid(log_alpha - beta * math.log(-low / high))
# #endregion hard-concrete


# #region slice
@torch.no_grad()
def sliced(model, keep):
    """Not a mask: smaller matrices."""
    rows = torch.cat([torch.arange(h * model.d, (h + 1) * model.d) for h in keep])
    out = Attention(model.W_Q.in_features, len(keep), model.d)
    for name in ("W_Q", "W_K", "W_V"):
        getattr(out, name).weight.copy_(getattr(model, name).weight[rows])
    out.W_O.weight.copy_(model.W_O.weight[:, rows])
    return out
# #endregion slice


def main():
    torch.manual_seed(0)
    D, H, d, B, T = 32, 4, 8, 6, 10
    model, x = Attention(D, H, d), torch.randn(B, T, D)
    target = torch.randn(B, T, D)

    def loss_of(y, _):
        return ((y - target) ** 2).mean()

    # A mask and a slice are the same function of the input.
    mask = torch.tensor([1.0, 0, 1, 0])
    small = sliced(model, [0, 2])
    assert torch.allclose(model(x, mask), small(x, torch.ones(2)), atol=1e-6)
    assert sum(p.numel() for p in small.parameters()) * 2 == sum(p.numel() for p in model.parameters())
    # |⟨z, dz⟩| is the slope of a real gate, and the batch's sum cannot exceed the sum over examples.
    per_example, whole = importance(model, loss_of, x, "example"), importance(model, loss_of, x, "batch")
    assert (per_example >= whole - 1e-7).all()
    h = 1e-3
    for head in range(H):
        up, down = torch.ones(H), torch.ones(H)
        up[head] += h
        down[head] -= h
        slope = (loss_of(model(x, up), x) - loss_of(model(x, down), x)) / (2 * h)
        assert abs(slope.abs() - whole[head]) < 1e-3 * (1 + whole[head])
    # Question 1: at log α = 0 a gate is exactly 0, and exactly 1, in 0.312 of the draws each.
    g = hard_concrete(torch.zeros(200_000))
    assert abs((g == 0).float().mean() - 0.312) < 0.01 and abs((g == 1).float().mean() - 0.312) < 0.01
    assert abs(1 - open_probability(torch.zeros(1)) - 0.312) < 1e-3
    print("ok")


if __name__ == "__main__":
    main()
