"""Board: what stands where so far, and which places are still free."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.footprints import Boxes, Reals, overlap_depth, pose_matrix, separation
from pipelines.layout.members import Group, outline
from pipelines.scene import Thing

CAPACITY = 4096


@dataclass(frozen=True)
class Placed:
    """A member at its place. `on` is the placed thing that carries it, or None for ground, floor, wall and water."""

    group: Group
    number: int
    x: float
    y: float
    z: float
    yaw: float
    on: Placed | None = None
    blocks: bool = True

    @property
    def scale(self) -> float:
        """Uniform scale of the pose."""
        return self.group.scales[self.number]

    def boxes(self, part: str) -> Boxes:
        """Its box: "foot", "crown" or "whole"."""
        model = self.group.models[self.number]
        return outline(model).boxes(np.asarray(self.x), np.asarray(self.z), np.asarray(self.yaw), y=self.y, scale=self.scale, part=part)

    def thing(self, number: int, label: str) -> Thing:
        """The finished thing."""
        matrix = pose_matrix((self.x, self.y, self.z), self.yaw, self.scale)
        model = self.group.models[self.number]
        name = self.group.name
        return Thing(number, self.group.kind_of(self.number), label, model, matrix, name, self.group.asked.phrase)


@dataclass
class Board:
    """Everything placed so far, as arrays for fast tests."""

    placed: list[Placed] = field(default_factory=list)
    _table: Reals = field(default_factory=lambda: np.zeros((7, CAPACITY)))
    _soft: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(CAPACITY, bool))
    _owner: NDArray[np.int64] = field(default_factory=lambda: np.zeros(CAPACITY, np.int64))
    _count: int = 0

    def add(self, item: Placed) -> None:
        """Put a thing on the board."""
        self.placed.append(item)
        if not item.blocks:
            return
        plan = outline(item.group.models[item.number])
        self._add_box(item.boxes("foot"), soft=False)
        if plan.crown_from_m < plan.high - 0.05:
            self._add_box(item.boxes("crown"), soft=plan.soft)

    def _add_box(self, box: Boxes, *, soft: bool) -> None:
        if self._count >= CAPACITY:
            return
        self._table[:, self._count] = [float(value) for value in box.fields()]
        self._owner[self._count] = len(self.placed) - 1
        self._soft[self._count] = soft
        self._count += 1

    def rebuilt(self, keep: list[Placed]) -> Board:
        """A board with only some of the things."""
        board = Board()
        for item in keep:
            board.add(item)
        return board

    def members(self, name: str) -> list[Placed]:
        """The placed members of a group."""
        return [item for item in self.placed if item.group.name == name]

    def free(
        self, foot: Boxes, crown: Boxes | None, *, soft: bool, clearance_m: float, ignoring: frozenset[int] = frozenset()
    ) -> NDArray[np.bool_]:
        """Which candidates (n) touch nothing: gaps of `clearance_m` in plan wherever heights overlap. ignoring: ids of carriers."""
        fine = self._apart(foot, clearance_m, ignore_soft=False, ignoring=ignoring)
        if crown is not None:
            fine &= self._apart(crown, clearance_m if not soft else 0.0, ignore_soft=soft, ignoring=ignoring)
        return fine

    def _apart(self, boxes: Boxes, clearance_m: float, *, ignore_soft: bool, ignoring: frozenset[int]) -> NDArray[np.bool_]:
        count = boxes.x.shape[0]
        fine = np.ones(count, bool)
        if self._count == 0 or count == 0:
            return fine
        table, use = self._table[:, : self._count], np.ones(self._count, bool)
        if ignore_soft:
            use &= ~self._soft[: self._count]
        if ignoring:
            use &= ~np.isin(self._owner[: self._count], [k for k, item in enumerate(self.placed) if id(item) in ignoring])
        table = table[:, use]
        reach = float(boxes.radius.max()) + clearance_m
        centre_x, centre_z = float(np.mean(boxes.x)), float(np.mean(boxes.z))
        spread = float(np.hypot(boxes.x - centre_x, boxes.z - centre_z).max())
        close = np.hypot(table[0] - centre_x, table[1] - centre_z) < spread + reach + np.hypot(table[3], table[4])
        table = table[:, close]
        if table.shape[1] == 0:
            return fine
        others = Boxes(*(row[None, :] for row in table))
        mine = boxes.at((slice(None), None))  # type: ignore[arg-type]
        # things on one another touch: a millimetre of air is enough between heights
        high_enough = np.minimum(mine.high, others.high) - np.maximum(mine.low, others.low) > 0.004
        blocked = high_enough & (separation(mine, others) < clearance_m)
        return np.asarray(~blocked.any(axis=1))

    def depth_of(self, box: Boxes) -> float:
        """How deep a scalar box penetrates what is on the board, metres."""
        if self._count == 0:
            return 0.0
        others = Boxes(*self._table[:, : self._count])
        return float(overlap_depth(box, others).max())
