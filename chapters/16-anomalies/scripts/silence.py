"""Chapter 16: four ways for a head to keep silent. Runs with PyTorch 1.13 or newer: python3 silence.py"""
import math

import torch
import torch.nn.functional as F


# #region null-score
def softmax_null(scores, null):
    """Weights over the keys when one more score belongs to nobody; scores [.., T, S], null: a number or [H, 1, 1]."""
    null = torch.as_tensor(null, dtype=scores.dtype).expand(*scores.shape[:-1], 1)
    top = torch.maximum(scores.amax(-1, keepdim=True), null)  # the maximum includes the null: nothing overflows
    e = (scores - top).exp()
    return e / (e.sum(-1, keepdim=True) + (null - top).exp())
# #endregion null-score


# #region gate
def gated(x, z, w_gate):
    """z_h <- σ(x W_gate)_h z_h; x [B, T, D], z [B, T, H, d], w_gate [D, H]."""
    return z * torch.sigmoid(x @ w_gate).unsqueeze(-1)
# #endregion gate


# #region blind
def blinded(scores, v, key, silence):
    """One key out of sight of all later queries: evicted (its share goes to the others) or silenced (spent, not read)."""
    T = scores.shape[-1]
    later = torch.arange(T).unsqueeze(-1) > key
    gone = later & (torch.arange(T) == key)
    if not silence:
        return scores.masked_fill(gone, -math.inf).softmax(-1) @ v
    return scores.softmax(-1).masked_fill(gone, 0) @ v
# #endregion blind


# #region symmetry
def symmetric_share(w_q, w_k):
    """‖(M + Mᵀ)/2‖² / ‖M‖² for M = W_Q W_Kᵀ: 1/2 when «i asks for j» says nothing of «j asks for i»."""
    m = w_q @ w_k.T
    return ((m + m.T) / 2).pow(2).sum() / m.pow(2).sum()
# #endregion symmetry


if __name__ == "__main__":
    torch.manual_seed(1)
    H, T, d = 4, 6, 8
    q, k, v = torch.randn(3, H, T, d, dtype=torch.float64)
    scores = q @ k.transpose(1, 2) / math.sqrt(d)
    # A null score of 0 is a key of zeros with a value of zeros: what nn.MultiheadAttention calls add_zero_attn.
    zero_key = F.pad(scores, (1, 0)).softmax(-1)[..., 1:]
    assert torch.allclose(softmax_null(scores, 0.0), zero_key)
    assert torch.allclose(softmax_null(scores, -math.inf), scores.softmax(-1))
    assert softmax_null(scores - 1000, 0.0).sum() == 0 and torch.isfinite(softmax_null(scores + 1000, 0.0)).all()
    x, w = torch.randn(1, T, 16, dtype=torch.float64), torch.randn(16, H, dtype=torch.float64)
    z = (scores.softmax(-1) @ v).transpose(0, 1).unsqueeze(0)
    assert torch.allclose(gated(x, z, torch.zeros_like(w)), z / 2)
    causal = scores.masked_fill(torch.ones(T, T, dtype=torch.bool).triu(1), -math.inf)
    empty = v.clone()
    empty[:, 0] = 0
    silent, evicted = blinded(causal, v, 0, True), blinded(causal, v, 0, False)
    assert torch.allclose(silent[:, 1:], (causal.softmax(-1) @ empty)[:, 1:]), "silence = a value of zero"
    assert not torch.allclose(silent[:, 1:], evicted[:, 1:])
    # An output of attention never leaves the hull of the values: on any axis it stays within their range.
    out = causal.softmax(-1) @ v
    assert (out <= v.amax(1, keepdim=True) + 1e-12).all() and (out >= v.amin(1, keepdim=True) - 1e-12).all()
    share = torch.stack([symmetric_share(torch.randn(256, 32), torch.randn(256, 32)) for _ in range(20)])
    print(f"симметрия случайных W_Q W_Kᵀ: {share.mean():.3f}, разброс {share.std():.3f}")
    w = torch.randn(256, 32)
    assert abs(symmetric_share(w, w) - 1) < 1e-4 and abs(share.mean() - 0.5) < 0.01
    for n in (1000, 100_000):
        print(f"разрыв для веса 0.9 среди {n} ключей: {math.log(0.9 / 0.1) + math.log(n):.1f}")
