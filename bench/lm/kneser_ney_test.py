"""python3 bench/lm/kneser_ney_test.py: a corpus small enough to count by hand, and sums to one."""

import unittest

import numpy as np

from kneser_ney import BITS, KneserNey, Order, discounts, ngrams


def by_definition(tokens, vocab, order, context, w):
    """The recursion of Chen and Goodman written out over dictionaries, slow and plain."""
    grams = {n: {} for n in range(1, order + 1)}
    for i in range(len(tokens) - order + 1):
        g = tuple(tokens[i:i + order])
        grams[order][g] = grams[order].get(g, 0) + 1
    for n in range(order - 1, 0, -1):
        for g in grams[n + 1]:
            grams[n][g[1:]] = grams[n].get(g[1:], 0) + 1

    def p(h, n):
        if n == 0:
            return 1 / vocab
        table = grams[n]
        h = h[len(h) - (n - 1):]
        d = discounts(np.array(list(table.values())))
        of_context = {g: c for g, c in table.items() if g[:-1] == h}
        lower = p(h, n - 1)
        if not of_context:
            return lower
        total = sum(of_context.values())
        c = of_context.get(h + (w,), 0)
        gamma = sum(d[min(x, 3)] for x in of_context.values()) / total
        return max(c - d[min(c, 3)], 0) / total + gamma * lower

    return p(tuple(context), order)


class Test(unittest.TestCase):
    def test_by_hand(self):
        # 1 2 1 2 1 3 as bigrams: 12 twice, 21 twice, 13 once. Continuations: 1 after one token (2), 2 after one
        # (1), 3 after one (1): a third each. With half a count off and vocab 4:
        #   p1(2) = (1 - 0.5)/3 + (3 * 0.5/3)/4 = 1/6 + 1/8 = 7/24
        #   p2(2 | 1) = (2 - 0.5)/3 + (2 * 0.5/3) * 7/24 = 1/2 + 7/72 = 43/72
        model = KneserNey(np.array([1, 2, 1, 2, 1, 3]), 4, 2)
        p = model.probabilities(np.array([1, 2]))
        self.assertAlmostEqual(p[0], 43 / 72, places=12)
        # After 3, which no context has: the unigrams. p1(0) = (3 * 0.5/3)/4
        self.assertAlmostEqual(model.probabilities(np.array([3, 0]))[0], 1 / 8, places=12)

    def test_discounts(self):
        # n1 = 4, n2 = 2, n3 = 1, n4 = 1: Y = 4/8; D1 = 1 - 2*.5*2/4, D2 = 2 - 3*.5*1/2, D3 = 3 - 4*.5*1/1
        d = discounts(np.array([1, 1, 1, 1, 2, 2, 3, 4]))
        np.testing.assert_allclose(d, [0, 0.5, 1.25, 1.0])

    def test_against_the_definition_and_sum_to_one(self):
        rng = np.random.default_rng(1)
        vocab = 6
        tokens = (rng.random(400) ** 2 * vocab).astype(np.int64)
        for order in (1, 2, 3, 5):
            model = KneserNey(tokens, vocab, order)
            for _ in range(12):
                context = rng.integers(0, vocab, 4)
                p = [model.probabilities(np.append(context, w))[-1] for w in range(vocab)]
                self.assertAlmostEqual(sum(p), 1, places=12)
                for w in range(vocab):
                    self.assertAlmostEqual(p[w], by_definition(tokens.tolist(), vocab, order, context.tolist(), w), places=12)

    def test_short_contexts_at_the_start(self):
        tokens = np.array([1, 2, 3, 1, 2, 3, 1, 2, 4, 1, 2])
        model = KneserNey(tokens, 8, 5)
        p = model.probabilities(np.array([1, 2, 3]))
        self.assertAlmostEqual(p[0], by_definition(tokens.tolist(), 8, 5, [7, 7, 7, 1], 2), places=12)

    def test_keys(self):
        self.assertEqual(ngrams(np.array([1, 2, 3]), 2).tolist(), [1 << BITS | 2, 2 << BITS | 3])
        self.assertEqual(Order(np.array([1, 2], np.uint64), np.array([1, 1])).total.tolist(), [2])


if __name__ == "__main__":
    unittest.main()
