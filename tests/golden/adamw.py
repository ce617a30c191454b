#!/usr/bin/python3
"""Golden vectors for core/attn/train/adamw: five steps of torch.optim.AdamW on two parameters,
one decayed (a matrix) and one not (a gain), with given gradients. Writes adamw.txt.

Numbers are hexadecimal floats, float64 computation; each line: a name, then the values.
"""
import pathlib
import torch

torch.manual_seed(7)
STEPS, LR, BETAS, EPS, DECAY = 5, 0.03, (0.9, 0.98), 1e-8, 0.1
matrix = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
gain = torch.randn(4, dtype=torch.float64, requires_grad=True)
optimiser = torch.optim.AdamW(
    [{"params": [matrix], "weight_decay": DECAY}, {"params": [gain], "weight_decay": 0.0}],
    lr=LR, betas=BETAS, eps=EPS)

lines = []


def write(name, *tensors):
    values = torch.cat([t.detach().flatten() for t in tensors])
    lines.append(" ".join([name] + [float(v).hex() for v in values]))


write("start", matrix, gain)
for step in range(STEPS):
    # Gradients of very different sizes, one of them exactly zero: sqrt(v) + eps matters there.
    matrix.grad = torch.randn(3, 4, dtype=torch.float64) * 10.0 ** torch.randint(-6, 2, (3, 4))
    matrix.grad[0, 0] = 0
    gain.grad = torch.randn(4, dtype=torch.float64)
    write(f"gradient{step}", matrix.grad, gain.grad)
    optimiser.step()
    write(f"after{step}", matrix, gain)
header = f"# torch {torch.__version__}, seed 7, lr {LR}, betas {BETAS}, eps {EPS}, weight_decay {DECAY} on the matrix"
path = pathlib.Path(__file__).with_name("adamw.txt")
path.write_text(header + "\n" + "\n".join(lines) + "\n")
