"""Chapter 11: an adapter beside a frozen matrix, and what it did to each head. PyTorch 1.13 or newer: python3 adapters.py"""
import math

import torch
from torch import nn


# #region lora
class LoRA(nn.Module):
    """y = x·W0ᵀ + (α/r)·(x·Aᵀ)·Bᵀ: PyTorch хранит веса как [выход, вход], поэтому буквы стоят, как в статье."""

    def __init__(self, frozen: nn.Linear, r=4, alpha=4.0):
        super().__init__()
        self.frozen, self.scale = frozen.requires_grad_(False), alpha / r
        bound = 1 / math.sqrt(frozen.in_features)  # kaiming_uniform_(a=√5) — то же самое
        self.A = nn.Parameter(torch.empty(r, frozen.in_features).uniform_(-bound, bound))
        self.B = nn.Parameter(torch.zeros(frozen.out_features, r))  # ΔW = 0: модель пока прежняя

    def forward(self, x):
        return self.frozen(x) + self.scale * (x @ self.A.T) @ self.B.T

    @torch.no_grad()
    def delta(self):
        return self.scale * self.B @ self.A  # [выход, вход]

    @torch.no_grad()
    def merge(self):
        self.frozen.weight += self.delta()
        self.B.zero_()
# #endregion lora


# #region heads
def by_heads(deltas, H):
    """‖ΔW‖ по головам. У Q, K, V голова владеет строками [выход, вход], у W_O — столбцами."""
    rows = {name: dw.view(H, -1, dw.shape[1]) for name, dw in deltas.items() if name != "o"}
    if "o" in deltas:
        rows["o"] = deltas["o"].view(deltas["o"].shape[0], H, -1).transpose(0, 1)
    return {name: part.flatten(1).norm(dim=1) for name, part in rows.items()}
# #endregion heads


# #region nf4
def nf4():
    """Восемь положительных квантилей, семь отрицательных и точный нуль."""
    last = 1 - (1 / 32 + 1 / 30) / 2
    quantile = torch.distributions.Normal(0.0, 1.0).icdf
    positive = quantile(torch.linspace(0.5, last, 9, dtype=torch.float64)[1:])
    negative = -quantile(torch.linspace(0.5, last, 8, dtype=torch.float64)[1:])
    return torch.cat([negative, torch.zeros(1, dtype=torch.float64), positive]).sort().values / positive.max()


def quantise(w, level, block=64):
    """Веса блока делят на наибольший модуль и заменяют ближайшими уровнями. Число весов кратно блоку."""
    blocks = w.reshape(-1, block)
    scale = blocks.abs().amax(1, keepdim=True)
    nearest = (blocks[..., None] / scale[..., None] - level).abs().argmin(-1)
    return (level[nearest] * scale).view_as(w)
# #endregion nf4


def main():
    torch.manual_seed(0)
    layer = LoRA(nn.Linear(64, 64, bias=False), r=4)
    x, target = torch.randn(32, 64), torch.randn(32, 64)
    assert torch.equal(layer(x), layer.frozen(x))  # до первого шага модель та же
    loss = ((layer(x) - target) ** 2).mean()
    loss.backward()
    assert layer.A.grad.abs().max() == 0 and layer.B.grad.abs().max() > 0
    # ΔW после шага спуска — градиент, пропущенный через проекцию на строки A.
    frozen = layer.frozen.weight.clone().requires_grad_(True)
    (g,) = torch.autograd.grad(((x @ frozen.T - target) ** 2).mean(), frozen)
    eta = 0.1
    with torch.no_grad():
        layer.B -= eta * layer.B.grad
    expected = -eta * layer.scale**2 * g @ layer.A.T @ layer.A
    assert torch.allclose(layer.delta(), expected, atol=1e-6)
    before = layer(x)
    layer.merge()
    assert torch.allclose(layer.frozen(x), before, atol=1e-5)
    norms = by_heads({"q": torch.eye(64), "o": torch.eye(64)}, H=4)
    assert torch.allclose(norms["q"], torch.full((4,), 4.0)) and torch.allclose(norms["o"], norms["q"])

    level = nf4()
    assert len(level) == 16 and abs(level[0].item() + 1) < 1e-12 and abs(level[-2].item() - 0.7229568362236023) < 2e-7
    w = torch.randn(65536, dtype=torch.float64)
    error = lambda t: ((quantise(w, t) - w).norm() / w.norm()).item()
    int4 = torch.arange(-7, 8, dtype=torch.float64) / 7
    print(f"NF4 {error(level):.3f}, INT4 {error(int4):.3f}")
    assert error(level) < error(int4)


if __name__ == "__main__":
    main()
