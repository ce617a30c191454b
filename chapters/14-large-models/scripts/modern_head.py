"""Chapter 14: a layer of heads with everything that 2023–2025 added. Runs with PyTorch 1.13 or newer: python3 modern_head.py"""
import math

import torch
from torch import nn


def rms(x, gain):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * gain


# #region layer
class ModernHeads(nn.Module):
    """Каждая добавка — право на отказ: от своей памяти, от громкости, от дали, от выбора, от речи."""

    def __init__(self, D, n_q, n_kv, d, window=None):
        super().__init__()
        self.n_q, self.n_kv, self.d, self.window = n_q, n_kv, d, window
        self.q = nn.Linear(D, n_q * d, bias=False)
        self.kv = nn.Linear(D, 2 * n_kv * d, bias=False)
        self.gate = nn.Linear(D, n_q)  # вентиль головы и токена
        self.q_gain = nn.Parameter(torch.ones(d))
        self.k_gain = nn.Parameter(torch.ones(d))
        self.sink = nn.Parameter(torch.zeros(n_q))  # ничья оценка головы
        self.out = nn.Linear(n_q * d, D, bias=False)

    def scores(self, x):
        B, T, _ = x.shape
        q = self.q(x).view(B, T, self.n_q, self.d).transpose(1, 2)
        k, v = self.kv(x).view(B, T, 2, self.n_kv, self.d).permute(2, 0, 3, 1, 4)
        q, k = rms(q, self.q_gain), rms(k, self.k_gain)  # QK-norm, до поворота
        k, v = (t.repeat_interleave(self.n_q // self.n_kv, dim=1) for t in (k, v))
        return q @ k.transpose(-1, -2) / math.sqrt(self.d), v

    def forward(self, x):
        s, v = self.scores(x)
        i = torch.arange(x.shape[1])
        hidden = i[None, :] > i[:, None]  # будущее
        if self.window:
            hidden = hidden | (i[:, None] - i[None, :] >= self.window)
        s = s.masked_fill(hidden, -math.inf)
        null = self.sink.view(1, -1, 1, 1).expand(*s.shape[:3], 1)
        a = torch.cat([s, null], -1).softmax(-1)[..., :-1]  # столбец ничьей оценки отброшен
        z = (a @ v).transpose(1, 2) * torch.sigmoid(self.gate(x))[..., None]
        return self.out(z.flatten(2)), a
# #endregion layer


if __name__ == "__main__":
    torch.manual_seed(14)
    layer = ModernHeads(D=64, n_q=8, n_kv=2, d=16, window=4)
    x = 100 * torch.randn(3, 12, 64)  # как ни громок вход,
    s, _ = layer.scores(x)
    assert s.abs().max() <= math.sqrt(16) + 1e-4  # оценка не больше корня из ширины
    y, a = layer(x)
    assert y.shape == x.shape
    assert (a.sum(-1) < 1).all() and a[0, 0, 9, :6].abs().max() == 0 and a[0, 0, 9, 6] > 0
    # А вес единицы достичь может: разрыв между ключами до 2√d.
    gap = 2 * math.sqrt(128)
    assert math.exp(gap) / (math.exp(gap) + 999) > 0.9999
    layer.gate.bias.data.fill_(-50), layer.gate.weight.data.zero_()
    assert layer(x)[0].abs().max() < 1e-6  # закрытый вентиль молчит
    print("norms bound the scores, the window hides, the sink takes its share, the gate can be silent")
