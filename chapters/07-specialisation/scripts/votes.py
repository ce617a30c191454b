"""How far votes by one letter go on the tiled repeat task of chapter 7 when the weight of every distance is learnt.

    python3 votes.py [steps]        needs PyTorch (1.13 or newer); about a minute

As in ceilings.py, a past place s votes for the letter after it if it holds the present letter: x_s = x_t. The weight of
the vote, w[t, t - s], is fitted by cross-entropy (a convex problem), once over the weights that attention can give, never
below zero, and once over all. Prints the accuracy on 4000 fresh strings where the repeat determines the next letter.
"""

import sys

import torch

V, T, SHORTEST, LONGEST, BATCH = 32, 48, 8, 24, 256
PLACE = torch.arange(T)
LAG = (PLACE[:, None] - PLACE).clamp(min=0)  # [t, s]


def strings(count, source):
    """x [count, T + 1], and where the period is over, [count, T]."""
    S = torch.randint(SHORTEST, LONGEST + 1, (count, 1), generator=source)
    x = torch.randint(V, (count, LONGEST), generator=source).gather(1, torch.arange(T + 1) % S)
    return x, PLACE >= S


def tally(x, weight):
    """[count, T, V]: the votes, weight [T, T] by t and lag."""
    match = (x[:, :T, None] == x[:, None, :T]).float().tril(-1)
    return (match * weight.gather(1, LAG)) @ torch.nn.functional.one_hot(x[:, 1:], V).float()


def fit(shape, steps):
    source = torch.Generator().manual_seed(1)
    free = torch.zeros(T, T, requires_grad=True)
    optimiser = torch.optim.Adam([free], lr=0.05)
    for step in range(steps):
        if step == 3 * steps // 4:
            optimiser.param_groups[0]["lr"] = 0.01
        x, counted = strings(BATCH, source)
        loss = torch.nn.functional.cross_entropy(tally(x, shape(free))[counted], x[:, 1:][counted])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return shape(free).detach()


def accuracy(weight, count=4000):
    source, hits, asked = torch.Generator().manual_seed(0), 0, 0
    for _ in range(count // 500):
        x, counted = strings(500, source)
        votes = tally(x, weight)
        votes += 1e-6 * torch.rand(votes.shape, generator=source)  # a tie is a fair guess
        hits += (votes.argmax(-1) == x[:, 1:])[counted].sum().item()
        asked += counted.sum().item()
    return hits / asked


def main(steps=4000):
    torch.set_num_threads(1)
    for name, shape in [("never below zero", torch.nn.functional.softplus), ("of either sign", lambda w: w)]:
        print(f"  {accuracy(fit(shape, steps)):.3f}  weights {name}")


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:2]))
