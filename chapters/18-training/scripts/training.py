"""Chapter 18: what softmax does to its own gradient. Runs with PyTorch 1.13 or newer: python3 training.py"""
import math

import torch


# #region advantage
def score_gradient(p, gain):
    """∂L/∂z of one row: p [N] are its weights, gain [N] is g·v_j, what each key adds to the loss."""
    return p * (gain - p @ gain)  # worse than the mixture: positive, descent lowers it


def passes(p):
    """‖diag(p) − ppᵀ‖_F without the matrix: p [.., N]."""
    p2, p3 = p.pow(2).sum(-1), p.pow(3).sum(-1)
    return (p2 - 2 * p3 + p2 * p2).clamp(min=0).sqrt()
# #endregion advantage


# #region bounds
def scores(q, k, kind, cap=4.0, eps=1e-6):
    """q, k: [.., T, d]. Three ways to bound what QKᵀ does not bound itself."""
    if kind == "norm":  # the length of q and k is taken away: |z| ≤ √d
        q, k = (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) for x in (q, k))
    z = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    return cap * torch.tanh(z / cap) if kind == "cap" else z  # |z| < c, with slope 1 − (z/c)²


def qk_clip(w_q, w_k, largest, limit=100.0):
    """After the optimiser's step: one head's matrices shrink if its largest score was over the limit."""
    shrink = math.sqrt(min(1.0, limit / largest))
    w_q.mul_(shrink), w_k.mul_(shrink)
# #endregion bounds


# #region placement
class Block(torch.nn.Module):
    def __init__(self, d, heads, post):
        super().__init__()
        self.attention = torch.nn.MultiheadAttention(d, heads, bias=False, batch_first=True)
        self.mlp = torch.nn.Sequential(torch.nn.Linear(d, 2 * d), torch.nn.GELU(), torch.nn.Linear(2 * d, d))
        self.norms = torch.nn.ModuleList(torch.nn.LayerNorm(d) for _ in range(2))
        self.post = post

    def forward(self, x, mask):
        attend = lambda y: self.attention(y, y, y, attn_mask=mask, need_weights=False)[0]
        for f, norm in zip((attend, self.mlp), self.norms):
            x = norm(x + f(x)) if self.post else x + f(norm(x))  # the whole difference
        return x
# #endregion placement


def first_gradients(layers, post, d=64, vocab=32, T=48):
    """‖∇W_out‖ of every layer's feed-forward block at the first step."""
    torch.manual_seed(1)
    embed, head, last = torch.nn.Embedding(vocab, d), torch.nn.Linear(d, vocab, bias=False), torch.nn.LayerNorm(d)
    blocks = [Block(d, 4, post) for _ in range(layers)]
    for b in blocks:
        for w in b.parameters():
            if w.dim() == 2:
                torch.nn.init.xavier_normal_(w)
    x, y = torch.randint(vocab, (8, T)), torch.randint(vocab, (8, T))
    mask = torch.full((T, T), -math.inf).triu(1)
    h = embed(x)
    for b in blocks:
        h = b(h, mask)
    logits = head(h if post else last(h))
    torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten()).backward()
    return [b.mlp[2].weight.grad.norm().item() for b in blocks]


if __name__ == "__main__":
    torch.manual_seed(1)
    z, gain = torch.randn(16, dtype=torch.float64, requires_grad=True), torch.randn(16, dtype=torch.float64)
    p = z.softmax(0)
    (p @ gain).backward()
    assert torch.allclose(z.grad, score_gradient(p.detach(), gain), atol=1e-14)
    q = p.detach()
    assert abs(passes(q) - torch.linalg.norm(torch.diag(q) - torch.outer(q, q))) < 1e-12
    q, k = 1000 * torch.randn(5, 16), 1000 * torch.randn(5, 16)
    assert scores(q, k, "norm").abs().max() <= 4.001 and scores(q, k, "cap").abs().max() <= 4
    w_q, w_k = torch.randn(64, 16), torch.randn(64, 16)
    x = 5 * torch.randn(8, 64)
    largest = lambda: scores(x @ w_q, x @ w_k, "plain").abs().max().item()
    before = largest()
    qk_clip(w_q, w_k, before, 100.0)
    assert before > 100 and abs(largest() - 100) < 0.1
    for layers in (2, 6, 12):
        pre, post = (first_gradients(layers, kind) for kind in (False, True))
        print(f"L = {layers:2}: pre {pre[0]:.2f} … {pre[-1]:.2f}, post {post[0]:.2f} … {post[-1]:.2f}")
    assert pre[-1] < 0.7 * pre[0], "pre-norm: the gradient shrinks upwards"
