"""Seams: which of several pictures is seen where, so that where two meet they look alike and little is seen again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Costs = NDArray[np.float64]
Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]

SWEEPS = 2  # of all pictures, each taking over what is the better for it
STEPS = 10_000  # of whole numbers for one unit of cost


@dataclass(frozen=True)
class Prices:
    """What is paid, in units of cost, besides what each picture costs by itself.

    seam: wherever two pictures meet, even if they look the same.  beside: more where both show almost the same thing, so that it is seen
    twice side by side or mirrored; less by a factor of e where what they show is `near_px` apart.  again: by each pixel for every other one
    that shows the same thing.  The last two are paid by how much a thing is noticed.
    """

    seam: float
    beside: float = 0.0
    near_px: float = 1.0
    again: float = 0.0


def chosen(cost: Floats, looks: Floats, shown: Whole, noticed: Floats, prices: Prices) -> Whole:
    """(h, w) the number of the picture that is seen at each pixel, −1 where there is none; left and right edges meet.

    cost: (K, h, w) of seeing each, inf where it cannot be seen.  looks: (K, h, w, C) what each looks like; a seam costs what it differs by
    on both sides.  shown: (K, w) the column of the photograph that each shows.  noticed: (h, w) 0 … 1 how much the photograph's pixels are
    noticed when they are seen again.  The sum of all costs is nearly the least there is: each picture in turn takes over whatever is the
    better for it (alpha expansion, Boykov, Veksler and Zabih 2001; seams of Kwatra et al. 2003).
    """
    open_ = np.isfinite(cost).any(axis=0)
    found = np.full(open_.shape, -1)
    if not open_.any():
        return found
    choice = _Choice.of(cost, looks, shown, noticed, prices)
    label = choice.own.argmin(axis=0)
    least = choice.total(label)
    for _ in range(SWEEPS):
        for taker in range(len(cost)):
            new = choice.taken_over(label, taker)
            if (new != label).any() and (now := choice.total(new)) < least:
                label, least = new, now
    found[open_] = label
    return found


@dataclass(frozen=True)
class _Choice:
    """All that is paid for, of the N pixels where anything can be seen, and the M pairs (p, q) of them that lie side by side.

    own: (K, N).  look: (K, N, C).  thing: (K, N) the number of the photograph's pixel that is shown.  noticed: (h * w,) by that number.
    """

    own: Costs
    look: Floats
    thing: Whole
    noticed: Floats
    p: Whole
    q: Whole
    width: int
    prices: Prices

    @classmethod
    def of(cls, cost: Floats, looks: Floats, shown: Whole, noticed: Floats, prices: Prices) -> _Choice:
        open_ = np.isfinite(cost).any(axis=0)
        number = np.full(open_.shape, -1)
        number[open_] = np.arange(open_.sum())
        height, width = open_.shape
        thing = (shown[:, None] + np.arange(height)[:, None] * width)[:, open_]
        return cls(cost[:, open_].astype(np.float64), looks[:, open_], thing, noticed.ravel(), *_neighbours(number), width, prices)

    def seams(self, a: Whole, b: Whole, pairs: Mask | slice = slice(None)) -> Costs:
        """(M,) what it costs where picture a at the first of a pair meets b at the second."""
        p, q = self.p[pairs], self.q[pairs]
        apart = np.abs(self.look[a, p] - self.look[b, p]).sum(axis=-1) + np.abs(self.look[a, q] - self.look[b, q]).sum(axis=-1)
        leap = (self.thing[a, p] - self.thing[b, p] + self.width // 2) % self.width - self.width // 2
        beside = self.prices.beside * self.noticed[self.thing[a, p]] * np.exp(-((leap / self.prices.near_px) ** 2))
        return np.where(a == b, 0, apart + self.prices.seam + beside)

    def total(self, label: Whole) -> float:
        """The sum of all costs; the photograph itself counts as the first time that a thing is seen."""
        times = self.times(label)
        again = self.prices.again / 2 * (self.noticed * times * (times + 1)).sum()
        return float(self.own[label, np.arange(len(label))].sum() + self.seams(label[self.p], label[self.q]).sum() + again)

    def times(self, label: Whole) -> Whole:
        """(h * w,) how often each of the photograph's pixels is seen besides in the photograph."""
        return np.bincount(self.thing[label, np.arange(len(label))], minlength=len(self.noticed))

    def taken_over(self, label: Whole, taker: int) -> Whole:
        """The labels (N,) after one picture took over what is the better for it, as if all times of seeing stayed as they are.

        Only pixels where it can be seen take part in the cut; the others beside them stay, which is part of the price.
        """
        everyone, times, may = np.arange(len(label)), self.times(label), np.isfinite(self.own[taker])
        near = may[self.p] | may[self.q]
        p, q = self.p[near], self.q[near]
        taking = np.full(len(p), taker)
        both, first_stays, second_stays = (
            self.seams(a, b, near) for a, b in ((label[p], label[q]), (label[p], taking), (taking, label[q]))
        )
        once_more, once_less = (self.prices.again * self.noticed * count for count in (times + 1, times))
        price = np.where(may, self.own[taker], 0) - self.own[label, everyone]
        price += once_more[self.thing[taker]] - once_less[self.thing[label, everyone]]
        np.add.at(price, p, second_stays - both)
        np.add.at(price, q, np.where(may[p], -second_stays, first_stays - both))
        inner, place = may[p] & may[q], np.cumsum(may) - 1
        stays = _stays(price[may], place[p[inner]], place[q[inner]], (first_stays + second_stays - both)[inner])
        new = label.copy()
        new[may] = np.where(stays, label[may], taker)
        return new


def _neighbours(number: Whole) -> tuple[Whole, Whole]:
    """Pairs of open pixels beside and above each other."""
    pairs = ((number, np.roll(number, -1, axis=1)), (number[:-1], number[1:]))
    both = [(one >= 0) & (other >= 0) for one, other in pairs]
    first, second = ([pair[side][there] for pair, there in zip(pairs, both, strict=True)] for side in (0, 1))
    return np.concatenate(first), np.concatenate(second)


def _stays(price: Costs, p: Whole, q: Whole, split: Costs) -> Mask:
    """(N,) whether each keeps its label, at the least cost: `price` of changing, and `split` where the first of a pair stays alone.

    It is the smallest cut of a graph between a source, with which those are left that stay, and a sink.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    count = len(price)
    everyone, source, sink = np.arange(count), count, count + 1
    tails, heads = np.concatenate([np.full(count, source), everyone, p]), np.concatenate([everyone, np.full(count, sink), q])
    holds = np.rint(np.concatenate([price, -price, split]).clip(0) * STEPS).astype(np.int32)
    graph = csr_matrix((holds[holds > 0], (tails[holds > 0], heads[holds > 0])), shape=(count + 2, count + 2))
    left = graph - maximum_flow(graph, source, sink).flow
    left.data = left.data.clip(0)
    left.eliminate_zeros()
    reached = np.zeros(count + 2, np.bool_)
    reached[breadth_first_order(left, source, return_predecessors=False)] = True
    return reached[:count]
