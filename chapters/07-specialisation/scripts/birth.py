"""The birth of an induction head, whole, in PyTorch (runs on 1.13 and later): chapter 7's recipe without our core.

    python3 birth.py [seed]        prints step, loss, accuracy, best previous-token and induction score
"""

import math
import sys

import torch
from torch import nn

# #region model
V, T, D, H, L, B = 32, 48, 64, 4, 2, 32


def repeats():
    """x [B, T]: a random segment of 8..24 letters repeated to the end; counted [B, T-1]: the period is over."""
    S = torch.randint(8, 25, (B, 1))
    x = torch.randint(V, (B, 24)).gather(1, torch.arange(T) % S)
    return x, torch.arange(T - 1) >= S


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.o = nn.Linear(D, 3 * D, bias=False), nn.Linear(D, D, bias=False)
        for w in (self.qkv.weight, self.o.weight):
            nn.init.normal_(w, std=D**-0.5)

    def forward(self, x):  # [B, T, D]
        q, k, v = self.qkv(x).view(B, T, 3, H, D // H).permute(2, 0, 3, 1, 4)  # each [B, H, T, d]
        scores = q @ k.transpose(-1, -2) / math.sqrt(D // H)
        self.pattern = scores.masked_fill(torch.ones(T, T).triu(1).bool(), -math.inf).softmax(-1)
        return self.o((self.pattern @ v).transpose(1, 2).reshape(B, T, D))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.E = nn.Parameter(torch.randn(V, D))  # letters: unit variance
        self.P = nn.Parameter(torch.randn(T, D) * D**-0.5)  # positions: eight times quieter
        self.U = nn.Parameter(torch.randn(D, V) * D**-0.5)
        self.blocks = nn.ModuleList(Attention() for _ in range(L))

    def forward(self, ids):
        norm = lambda x: x * (x.pow(2).mean(-1, keepdim=True) + 1e-5).rsqrt()  # RMSNorm without gain
        x = self.E[ids] + self.P
        for block in self.blocks:
            x = x + block(norm(x))
        return norm(x) @ self.U  # logits [B, T, V]
# #endregion


torch.set_num_threads(1)
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
# #region train
model = Model()
optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2, betas=(0.9, 0.98), weight_decay=0.01)
for step in range(1, 701):
    x, counted = repeats()
    logits, target = model(x)[:, :-1], x[:, 1:]
    loss = nn.functional.cross_entropy(logits[counted], target[counted])
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1)
    optimiser.step()
    if step % 50 == 0:
        A0, A1 = (block.pattern.detach() for block in model.blocks)  # [B, H, T, T]
        previous = A0.diagonal(-1, 2, 3).mean((0, 2))  # [H]: mean A[t, t-1]
        same = (x[:, :, None] == x[:, None, :]).tril(-1).float()  # [B, T, S]: x_s = x_t, s < t
        mass = (A1[..., 1:] * same[:, None, :, :-1]).sum(-1)  # [B, H, T]: sum of A[t, s+1] over them
        seen = same.sum(-1) > 0
        induction = (mass * seen[:, None]).sum((0, 2)) / seen.sum()  # [H]
        accuracy = (logits.argmax(-1) == target)[counted].float().mean()
        print(f"{step:4d}  {loss:.3f}  {accuracy:.2f}  {previous.max():.2f}  {induction.max():.2f}")
# #endregion
