"""What simple strategies reach on the tiled repeat task of chapter 7 (levels, not bounds: see votes.py).

What a predictor that uses only so much of the past can reach on the counted positions (t >= S: the period
S is over, so the repeat determines the next letter). Prints a table; needs numpy alone.

    python3 ceilings.py [sequences] [seed]
"""

import sys

import numpy as np

V, T, SHORTEST, LONGEST = 32, 48, 8, 24


def votes(x, t, width, weight):
    """Votes for the next letter: successors of the places where the last `width` letters stood before."""
    tally = np.zeros(V)
    for s in range(width - 1, t):
        if all(x[s - i] == x[t - i] for i in range(width)):
            tally[x[s + 1]] += weight(t, t - s)
    return tally


def any_lag(t, lag):
    return 1.0


def possible_lag(t, lag):
    return float(lag >= SHORTEST)


def probable_lag(t, lag):
    """P(lag is a multiple of the period | the period is over by t): all that positions can say."""
    periods = [S for S in range(SHORTEST, LONGEST + 1) if S <= t]
    return sum(lag % S == 0 for S in periods) / len(periods)


def bayes_one_letter(x, t):
    """The exact posterior over the period given only where the present letter stood before (the set of matches).

    Under period S the past splits into S classes of equal letters: the class of t + 1's predecessor matches for sure,
    every other class matches as a whole, with probability 1/V.
    """
    match = x[:t] == x[t]
    tally = np.zeros(V)
    for S in range(SHORTEST, LONGEST + 1):
        if S > t:
            continue  # counted positions: the period is over by now, and the predictor may know it
        sizes = np.bincount(np.arange(t) % S, minlength=S)
        hits = np.bincount(np.arange(t) % S, weights=match, minlength=S)
        if hits[t % S] != sizes[t % S] or np.any((hits != 0) & (hits != sizes)):
            continue
        others = np.delete(hits != 0, t % S)
        tally[x[t + 1 - S]] += V ** -float(others.sum()) * (1 - 1 / V) ** float((~others).sum())
    return tally


def bayes(x, t):
    """The exact posterior over the period given the whole past: weight V^(letters explained) per period."""
    tally = np.zeros(V)
    for S in range(SHORTEST, LONGEST + 1):
        if S > t:
            tally += 1 / V if S > t + 1 else 0
            tally[x[0]] += S == t + 1
        elif np.array_equal(x[S : t + 1], x[: t + 1 - S]):
            tally[x[t + 1 - S]] += float(V) ** (t + 1 - S)
    return tally


STRATEGIES = {
    "one letter, any lag": lambda x, t: votes(x, t, 1, any_lag),
    "one letter, lag >= 8": lambda x, t: votes(x, t, 1, possible_lag),
    "one letter, lags weighed by position": lambda x, t: votes(x, t, 1, probable_lag),
    "one letter, exact posterior over the period": bayes_one_letter,
    "two letters, any lag": lambda x, t: votes(x, t, 2, any_lag),
    "two letters, lags weighed by position": lambda x, t: votes(x, t, 2, probable_lag),
    "exact posterior over the period": bayes,
}


def main(sequences=4000, seed=0):
    rng = np.random.default_rng(seed)
    hits, counted = dict.fromkeys(STRATEGIES, 0.0), 0
    for _ in range(sequences):
        S = rng.integers(SHORTEST, LONGEST + 1)
        x = rng.integers(V, size=S)[np.arange(T + 1) % S]
        for t in range(S, T):
            counted += 1
            for name, strategy in STRATEGIES.items():
                tally = strategy(x, t)
                best = np.flatnonzero(tally >= tally.max() * (1 - 1e-12))  # a tie is a fair guess
                hits[name] += (x[t + 1] in best) / len(best)
    print(f"{sequences} sequences, seed {seed}, {counted} counted positions")
    for name in STRATEGIES:
        print(f"  {hits[name] / counted:.4f}  {name}")
    return {name: hits[name] / counted for name in STRATEGIES}


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:3]))
