"""Chapter 20: a write is a step of training; one sign keeps a bit. Runs with PyTorch 1.13 or newer: python3 state.py"""
import torch


# #region test-time
def read_and_learn(k, v, q, eta):
    """Состояние — веса маленькой модели; каждая пара — шаг градиентного спуска по ½‖W k − v‖² (TTT)."""
    W, out = torch.zeros(v.shape[1], k.shape[1]), []
    for t in range(k.shape[0]):
        W = W.detach().requires_grad_()
        loss = 0.5 * (W @ k[t] - v[t]).square().sum()
        (g,) = torch.autograd.grad(loss, W)
        W = W - eta * g
        out.append(W @ q[t])
    return torch.stack(out).detach()
# #endregion test-time


# #region parity
def parity(bits, one=-1.0, zero=1.0):
    """hₜ = a(xₜ) hₜ₋₁, h₀ = 1: знак состояния и есть чётность, если a(1) = −1."""
    h = torch.ones(())
    for b in bits:
        h = (one if b else zero) * h
    return h < 0
# #endregion parity


if __name__ == "__main__":
    torch.manual_seed(20)
    k, v, q = torch.randn(12, 5), torch.randn(12, 3), torch.randn(12, 5)
    S, delta = torch.zeros(3, 5), []
    for t in range(12):  # дельта-правило главы 17
        S = S + 0.1 * torch.outer(v[t] - S @ k[t], k[t])
        delta.append(S @ q[t])
    assert torch.allclose(read_and_learn(k, v, q, 0.1), torch.stack(delta), atol=1e-5)
    bits = torch.randint(0, 2, (1000,))
    assert parity(bits).item() == (bits.sum().item() % 2 == 1)
    faded = torch.tensor(0.99) ** 1000  # |a| < 1 медленно забывает
    assert faded < 1e-4
    print("online descent is the delta rule; a sign keeps the bit")
