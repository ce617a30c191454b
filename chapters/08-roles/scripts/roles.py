"""Three measurements behind the labels of chapter 8: the scanner, the copying score, the offset baseline.

Runs as it is: python3 roles.py (PyTorch 1.13 or newer). Shapes: T tokens, V vocabulary, D width, d head width.
"""

import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


# #region scanner
def scan(pattern, ids):
    """Role scores of one head. pattern: [T, T], rows are queries; ids: [T]."""
    t = len(ids)
    same = (ids[:, None] == ids[None, :]).tril(-1)  # [T, T]: x_s = x_t and s < t
    after = torch.zeros_like(same)
    after[:, 1:] = same[:, :-1]  # the token that followed such an s
    seen = same.any(1)  # rows whose token has occurred before
    return {
        'previous': pattern.diagonal(-1).mean(),
        'duplicate': (pattern * same).sum(1)[seen].mean(),
        'induction': (pattern * after).sum(1)[seen].mean(),
    }


def uniform(t):
    """What a head scores that attends to everything equally: print it beside every score."""
    return torch.ones(t, t).tril() / torch.arange(1, t + 1)[:, None]
# #endregion scanner


# #region copying
def copying(w_e, w_v, w_o, w_u):
    """Σλ / Σ|λ| of the table W_E W_V W_O W_U without ever forming it.

    w_e: [V, D]; w_v: [D, d]; w_o: [d, D]; w_u: [D, V]. The non-zero eigenvalues of AB and BA coincide, and
    W_O W_U W_E W_V is only [d, d].
    """
    eigenvalues = torch.linalg.eigvals(w_o @ w_u @ w_e @ w_v)
    return (eigenvalues.real.sum() / eigenvalues.abs().sum()).item()
# #endregion copying


# #region offset
def best_offset(heads, offsets=range(-5, 6)):
    """The fixed offset that finds the syntactic head of most words, and how often. heads: [(word, head), …]."""
    share = {o: sum(h - w == o for w, h in heads) / len(heads) for o in offsets if o != 0}
    return max(share.items(), key=lambda item: item[1])


def select_then_report(hits, pairs):
    """hits: [heads, N] bool, whether a head's brightest word is right. Choose on one half, report on the other."""
    choose, report = hits[:, 0::2].double().mean(1), hits[:, 1::2].double().mean(1)
    best = int(choose.argmax())
    offset, _ = best_offset(pairs[0::2])
    fixed = sum(h - w == offset for w, h in pairs[1::2]) / len(pairs[1::2])
    return best, report[best].item(), offset, fixed
# #endregion offset


def main():
    # A string said twice, and three ideal heads.
    half = torch.randperm(32)[:24]
    ids = torch.cat([half, half])
    t = len(ids)
    ideal = {
        'previous': torch.eye(t).roll(-1, 1).tril(),
        'duplicate': torch.diag(torch.ones(t - 24), -24),
        'induction': torch.diag(torch.ones(t - 23), -23),
    }
    for name, pattern in [*ideal.items(), ('uniform', uniform(t))]:
        print(f'{name:10s}', {k: round(v.item(), 3) for k, v in scan(pattern, ids).items()})

    # A head that copies, one that does the opposite, one with random weights; and the V x V table, to check.
    v, width, d = 32, 64, 16
    w_e, w_u = torch.randn(v, width), torch.randn(width, v) / 8
    w_v, w_o = torch.randn(width, d) / 8, torch.randn(d, width) / 4
    aligned = (w_u @ w_e @ w_v).T  # W_O = (W_U W_E W_V)ᵀ makes the d x d matrix positive
    for name, o in [('copies', aligned), ('suppresses', -aligned), ('random', w_o)]:
        full = torch.linalg.eigvals(w_e @ w_v @ o @ w_u)
        print(f'{name:10s} {copying(w_e, w_v, o, w_u):+.3f}   from V x V: {(full.real.sum() / full.abs().sum()).item():+.3f}')

    # Forty heads that guess at random: the best of them looks good on the half it was chosen on, not on the other.
    n = 200
    pairs = [(i, i + (1 if torch.rand(1) < 0.45 else int(torch.randint(2, 5, (1,))))) for i in range(n)]
    hits = torch.rand(40, n) < 0.3
    best, held_out, offset, fixed = select_then_report(hits, pairs)
    print(f'best of 40 random heads: {hits[best, 0::2].double().mean():.2f} where chosen, {held_out:.2f} held out; '
          f'offset {offset:+d}: {fixed:.2f}')


if __name__ == '__main__':
    main()
