"""Interpolated modified Kneser-Ney (Chen and Goodman 1998, section 3; Heafield et al. 2013) over tokens below 4096.

An n-gram of up to five tokens is one number of 60 bits, 12 a token, the oldest highest: counting is sorting, a
lookup is a binary search, and the n-grams of one context stand side by side. Exact: nothing is pruned, no hash.
"""

import numpy as np

BITS = 12
MAX_ORDER = 5


def ngrams(tokens, n):
    """Keys of all n-grams of the stream, in the order of the stream."""
    keys = np.zeros(len(tokens) - n + 1, np.uint64)
    for i in range(n):
        keys = keys << np.uint64(BITS) | tokens[i:len(tokens) - n + 1 + i].astype(np.uint64)
    return keys


def discounts(counts):
    """D1, D2, D3+ from how many n-grams were counted once to four times (Chen and Goodman, eq. 17)."""
    n = [int((counts == c).sum()) for c in range(1, 5)]
    if min(n) == 0:  # toy corpora: absolute discounting with one half, as good as any
        return np.array([0, 0.5, 0.5, 0.5])
    y = n[0] / (n[0] + 2 * n[1])
    d = np.array([0, 1 - 2 * y * n[1] / n[0], 2 - 3 * y * n[2] / n[1], 3 - 4 * y * n[3] / n[2]])
    return np.clip(d, 0, [0, 1, 2, 3])


class Order:
    """The n-grams of one order: keys ascending, their counts, and for each context its sum and discounted mass."""

    def __init__(self, keys, counts):
        self.keys, self.counts = keys, counts
        self.d = discounts(counts)
        contexts = keys >> np.uint64(BITS)
        first = np.flatnonzero(np.concatenate(([True], contexts[1:] != contexts[:-1])))
        self.contexts = contexts[first]
        self.total = np.add.reduceat(counts, first).astype(np.float64)
        off = self.d[np.minimum(counts, 3)]
        self.backoff = np.add.reduceat(off, first) / self.total  # gamma(context): what the discounts took away

    def mix(self, keys, lower):
        """p(w | context) given p(w | shorter context); an unseen context leaves the lower order as it is."""
        contexts = keys >> np.uint64(BITS)
        at = np.minimum(np.searchsorted(self.contexts, contexts), len(self.contexts) - 1)
        seen = self.contexts[at] == contexts
        where = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        counts = np.where(self.keys[where] == keys, self.counts[where], 0)
        discounted = np.maximum(counts - self.d[np.minimum(counts, 3)], 0)
        return np.where(seen, discounted / self.total[at] + self.backoff[at] * lower, lower)


class KneserNey:
    def __init__(self, tokens, vocab, order=MAX_ORDER):
        assert 1 <= order <= MAX_ORDER and vocab <= 1 << BITS
        self.vocab, self.orders = vocab, {}
        keys, counts = np.unique(ngrams(tokens, order), return_counts=True)
        self.orders[order] = Order(keys, counts)
        for n in range(order - 1, 0, -1):
            # Lower orders count in how many contexts an n-gram was seen, not how often (eq. 12).
            suffixes = keys & np.uint64((1 << (BITS * n)) - 1)
            keys, counts = np.unique(suffixes, return_counts=True)
            self.orders[n] = Order(keys, counts)

    def probabilities(self, tokens):
        """p of every token but the first, each from the up to four before it."""
        p = np.full(len(tokens) - 1, 1 / self.vocab)
        for n in range(1, min(max(self.orders), len(tokens)) + 1):
            # Token i is predicted at order n when n - 1 tokens stand before it.
            first = max(0, n - 2)
            keys = ngrams(tokens, n)
            p[first:] = self.orders[n].mix(keys[len(keys) - (len(p) - first):], p[first:])
        return p


def cross_entropy(tokens, model):
    """Nats over all tokens but the first, summed."""
    return float(-np.log(model.probabilities(tokens)).sum())
