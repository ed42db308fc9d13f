"""Seams: which of several pictures is seen where, so that where two meet they look alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]

SWEEPS = 2  # of all pictures, each taking over what is the better for it
STEPS = 10_000  # of whole numbers for one unit of cost
LEAST = 0.05  # what a seam costs between pictures that look the same


def chosen(cost: Floats, looks: Floats, open_: Mask, turned_over: Mask, turning: float) -> Whole:
    """(h, w) the number of the picture that is seen at each open pixel, 0 elsewhere; left and right edges meet.

    cost: (K, h, w) of seeing each.  looks: (K, h, w, C) what each looks like; a seam costs what it differs by on both sides.  turned_over:
    (K,) pictures between which and the others a seam costs `turning` more. The sum of all costs is nearly the least there is: each picture
    in turn takes over whatever is the better for it (alpha expansion, Boykov, Veksler and Zabih 2001; seams of Kwatra et al. 2003).
    """
    count = int(open_.sum())
    number = np.full(open_.shape, -1)
    number[open_] = everyone = np.arange(count)
    p, q = _neighbours(number)
    own, look = cost[:, open_].astype(np.float64), looks[:, open_]
    label = own.argmin(axis=0)

    def seam(a: Whole, b: Whole) -> NDArray[np.float64]:
        apart = np.abs(look[a, p] - look[b, p]).sum(axis=-1) + np.abs(look[a, q] - look[b, q]).sum(axis=-1)
        return np.where(a == b, 0, apart + LEAST + turning * (turned_over[a] != turned_over[b]))

    def total(labels: Whole) -> float:
        return float(own[labels, everyone].sum() + seam(labels[p], labels[q]).sum())

    least = total(label)
    for _ in range(SWEEPS if count else 0):
        for number_of in range(len(own)):
            taking = np.full(len(p), number_of)
            both, first_stays, second_stays = seam(label[p], label[q]), seam(label[p], taking), seam(taking, label[q])
            price = own[number_of] - own[label, everyone]
            np.add.at(price, p, second_stays - both)
            np.add.at(price, q, -second_stays)
            new = np.where(_stays(price, p, q, first_stays + second_stays - both), label, number_of)
            if (now := total(new)) < least:
                label, least = new, now
    found = np.zeros(open_.shape, np.int64)
    found[open_] = label
    return found


def _neighbours(number: Whole) -> tuple[Whole, Whole]:
    """Pairs of open pixels beside and above each other."""
    pairs = ((number, np.roll(number, -1, axis=1)), (number[:-1], number[1:]))
    both = [(one >= 0) & (other >= 0) for one, other in pairs]
    first, second = ([pair[side][there] for pair, there in zip(pairs, both, strict=True)] for side in (0, 1))
    return np.concatenate(first), np.concatenate(second)


def _stays(price: NDArray[np.float64], p: Whole, q: Whole, split: NDArray[np.float64]) -> Mask:
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
