"""One attention head, three ways to compute a layer, and the properties chapter 1 proves.

Runs as it is: python3 head.py (PyTorch 1.13 or newer). Shapes: T tokens, D width, H heads, d head width.
"""
import math

import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


# #region head
def pattern(x, w_q, w_k):
    """Rows of a causal attention pattern. x: [T, D]; w_q, w_k: [D, d]; result: [T, T]."""
    scores = (x @ w_q) @ (x @ w_k).T / math.sqrt(w_q.shape[1])
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return scores.masked_fill(future, -math.inf).softmax(-1)


def head(x, w_q, w_k, w_v, w_o):
    """What one head writes into the residual stream. w_v: [D, d]; w_o: [d, D]; result: [T, D]."""
    return pattern(x, w_q, w_k) @ (x @ w_v) @ w_o
# #endregion head


# #region layer
def layer_as_libraries_do(x, w_q, w_k, w_v, w_o):
    """All heads at once. w_q, w_k, w_v: [H, D, d]; w_o: [H, d, D]."""
    h, width, d = w_q.shape
    fused = torch.cat([w.transpose(0, 1).reshape(width, h * d) for w in (w_q, w_k, w_v)], dim=1)  # [D, 3·H·d]
    q, k, v = (x @ fused).view(-1, 3, h, d).permute(1, 2, 0, 3)                                   # each [H, T, d]
    scores = q @ k.transpose(1, 2) / math.sqrt(d)                                                 # [H, T, T]
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    z = scores.masked_fill(future, -math.inf).softmax(-1) @ v                                     # [H, T, d]
    return z.transpose(0, 1).reshape(-1, h * d) @ w_o.reshape(h * d, width)                       # concat, then W_O


def layer_as_sum(x, w_q, w_k, w_v, w_o):
    return sum(head(x, *weights) for weights in zip(w_q, w_k, w_v, w_o))


def layer_by_circuits(x, w_q, w_k, w_v, w_o):
    """Only the products W_Q W_Kᵀ and W_V W_O, both [D, D] of rank at most d."""
    total = torch.zeros_like(x)
    for q, k, v, o in zip(w_q, w_k, w_v, w_o):
        scores = x @ (q @ k.T) @ x.T / math.sqrt(q.shape[1])
        future = torch.ones_like(scores, dtype=torch.bool).triu(1)
        total += scores.masked_fill(future, -math.inf).softmax(-1) @ x @ (v @ o)
    return total
# #endregion layer


def main():
    t, width, h, d = 12, 32, 4, 8
    x = torch.randn(t, width)
    w_q, w_k, w_v = (torch.randn(h, width, d) / math.sqrt(width) for _ in range(3))
    w_o = torch.randn(h, d, width) / math.sqrt(h * d)
    weights = (w_q, w_k, w_v, w_o)
    one = tuple(w[0] for w in weights)

    a = layer_as_libraries_do(x, *weights)
    print('concat vs sum of heads    ', (a - layer_as_sum(x, *weights)).abs().max().item())
    print('concat vs circuits        ', (a - layer_by_circuits(x, *weights)).abs().max().item())
    print('rank of W_QK, W_OV        ', torch.linalg.matrix_rank(one[0] @ one[1].T).item(),
          torch.linalg.matrix_rank(one[2] @ one[3]).item())

    # Frozen pattern: the head is linear in what it reads.
    y = torch.randn(t, width)
    frozen = pattern(x, *one[:2])
    write = lambda u, p: p @ u @ one[2] @ one[3]
    print('additivity, frozen pattern', (write(x + y, frozen) - write(x, frozen) - write(y, frozen)).abs().max().item())
    print('additivity, live pattern  ', (head(x + y, *one) - head(x, *one) - head(y, *one)).abs().max().item())

    # Gauge freedom: another basis inside the head, the same head.
    g = torch.randn(d, d) + 3 * torch.eye(d)
    other = (one[0] @ g, one[1] @ torch.linalg.inv(g).T, one[2] @ g, torch.linalg.inv(g) @ one[3])
    print('gauge                     ', (head(x, *one) - head(x, *other)).abs().max().item())

    # Permutation equivariance without mask.
    def unmasked(u):
        return (u @ one[0] @ (u @ one[1]).T / math.sqrt(d)).softmax(-1) @ u @ one[2] @ one[3]
    order = torch.randperm(t)
    print('permutation equivariance  ', (unmasked(x[order]) - unmasked(x)[order]).abs().max().item())


if __name__ == '__main__':
    main()
