"""The training step of the induction recipe (models/repeat-2l) in PyTorch on one thread, written
as one would for speed: fused QKV projection, batched matmuls for the heads, foreach AdamW.

Reads a number of steps per line on stdin, answers with their milliseconds of wall and processor time on stdout; so that
bench/train_step.mjs can interleave it with the WASM core in one run."""
import math
import sys
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
torch.manual_seed(1)
V, T, D, H, L, B = 32, 48, 64, 4, 2, 32
d = D // H


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = torch.nn.Linear(D, 3 * D, bias=False)
        self.out = torch.nn.Linear(D, D, bias=False)

    def forward(self, x, mask):
        q, k, v = self.qkv(rms(x)).view(B, T, 3, H, d).permute(2, 0, 3, 1, 4).reshape(3, B * H, T, d)
        scores = torch.baddbmm(mask, q, k.transpose(1, 2), alpha=1 / math.sqrt(d))
        z = torch.bmm(scores.softmax(-1), v)
        return x + self.out(z.view(B, H, T, d).transpose(1, 2).reshape(B, T, D))


def rms(x):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(V, D)
        self.positions = torch.nn.Parameter(torch.randn(T, D) * 0.1)
        self.blocks = torch.nn.ModuleList(Block() for _ in range(L))
        self.unembed = torch.nn.Linear(D, V, bias=False)

    def forward(self, tokens, mask):
        x = self.embed(tokens) + self.positions
        for block in self.blocks:
            x = block(x, mask)
        return self.unembed(rms(x))


def batch():
    """Random segments of 8-24 tokens, tiled; the loss counts where the repeat decides the next token."""
    length = torch.randint(8, 25, (B, 1))
    t = torch.arange(T + 1)
    tokens = torch.randint(0, V, (B, 24)).gather(1, t % length)
    return tokens[:, :T], tokens[:, 1:], (t[1:] >= length).float()


model = Model()
parameters = list(model.parameters())
optimiser = torch.optim.AdamW(parameters, lr=1e-2, betas=(0.9, 0.98), foreach=True)
mask = torch.full((T, T), -math.inf).triu(1).expand(B * H, T, T)


def step():
    tokens, targets, counted = batch()
    losses = F.cross_entropy(model(tokens, mask).view(B * T, V), targets.reshape(-1), reduction="none")
    loss = (losses * counted.view(-1)).sum() / counted.sum()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimiser.step()
    return loss


print("torch", torch.__version__, "threads", torch.get_num_threads(), flush=True)
for line in sys.stdin:
    count = int(line)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        loss = step()
    print((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000, loss.item(), flush=True)
