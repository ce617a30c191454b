"""Chapter 19: rows with one output, and four accounts of an answer. Runs with PyTorch 1.13 or newer: python3 rows.py"""
import torch


# #region null-space
def free_directions(V):
    """Направления, вдоль которых строка α меняется, а αV и сумма весов — нет: левое ядро [V 1]. -> [f, N]"""
    A = torch.cat([V, torch.ones(V.shape[0], 1, dtype=V.dtype)], 1)  # [N, d_v + 1]
    U, s, _ = torch.linalg.svd(A, full_matrices=True)
    rank = int((s > 1e-9 * s[0]).sum())
    return U[:, rank:].T


def reach(alpha, n):
    """Как далеко можно уйти вдоль n, пока веса неотрицательны: здесь нулевое пространство встречает симплекс."""
    return min((-alpha[n < 0] / n[n < 0]).min().item(), 1e9) if (n < 0).any() else 1e9
# #endregion null-space


class Pool(torch.nn.Module):
    """α = softmax(tanh(h W + b) q), ответ — по Σ α h. Место знает только своё слово."""

    def __init__(self, words=32, D=24):
        super().__init__()
        self.embed = torch.nn.Embedding(words, D)
        self.inner = torch.nn.Linear(D, D)
        self.score = torch.nn.Linear(D, D)
        self.query = torch.nn.Parameter(torch.randn(D) / D**0.5)
        self.value = torch.nn.Linear(D, 1)

    # #region accounts
    def forward(self, e, fixed_row=False):  # e: [B, T, D] -> разность логитов [B], веса, вклады [B, T]
        h = torch.tanh(self.inner(e))
        alpha = torch.softmax(torch.tanh(self.score(h)) @ self.query, dim=1)
        if fixed_row:  # спрашиваем о словах при неизменной строке
            alpha = alpha.detach()
        pull = self.value(h).squeeze(-1)  # куда тянет значение слова; α·pull складываются в ответ
        return (alpha * pull).sum(1), alpha, pull

    def accounts(self, tokens):
        """Четыре рассказа об одном ответе: вес, вес × вклад, градиент, исключение слова."""
        e = self.embed(tokens).detach().requires_grad_()
        z, alpha, pull = self(e, fixed_row=True)
        z.sum().backward()
        gradient = (e * e.grad).sum(-1).abs()
        T = tokens.shape[1]
        kept = [[s for s in range(T) if s != t] for t in range(T)]
        with torch.no_grad():
            p = torch.sigmoid(z)
            without = torch.stack([torch.sigmoid(self(self.embed(tokens[:, k]))[0]) for k in kept], 1)
        return alpha.detach(), (alpha * pull).abs().detach(), gradient, (p[:, None] - without).abs()
    # #endregion accounts


def sentences(batch, T=12):
    tokens = torch.randint(12, 32, (batch, T))
    for row in tokens:
        k = [1, 3, 5][torch.randint(3, ()).item()]
        row[torch.randperm(T)[:k]] = torch.randint(0, 12, (k,))
    sign = (tokens < 6).long() - ((tokens >= 6) & (tokens < 12)).long()
    return tokens, (sign.sum(1) > 0).float()


if __name__ == "__main__":
    torch.manual_seed(19)
    for N in (16, 17, 18, 32):
        V = torch.randn(N, 16, dtype=torch.float64)
        alpha = torch.softmax(torch.randn(N, dtype=torch.float64), 0)
        F = free_directions(V)
        assert F.shape[0] == max(0, N - 17)
        for n in F:
            other = alpha + reach(alpha, n) * n
            assert torch.allclose(other @ V, alpha @ V, atol=1e-9) and abs(other.sum() - 1) < 1e-9 and other.min() > -1e-9

    model = Pool()
    adam = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(400):
        tokens, target = sentences(64)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(model.embed(tokens))[0], target)
        adam.zero_grad(), loss.backward(), adam.step()
    tokens, target = sentences(256)
    names = ("вес", "вес × вклад", "градиент", "исключение слова")
    for name, account in zip(names, model.accounts(tokens)):
        hits = []
        for row, words in zip(account, tokens):
            k = int((words < 12).sum())
            hits.append((words[row.topk(k).indices] < 12).float().mean().item())
        print(f"{name}: {sum(hits) / len(hits):.2f}")
        assert sum(hits) / len(hits) > 0.8
